"""Parquet deliveries: typed values are exact or quarantined, and so are the files of raw."""

from __future__ import annotations

import datetime as dt

import pyarrow.parquet as pq
import pytest

from customer360_assets.contracts import contract
from tests.deliveries.raw_home import Home
from tests.deliveries.raw_parquet import parquet


def test_parquet_values_are_exact_or_quarantined(home: Home) -> None:
    parquet(
        home.landing_dir / "transactions/t.parquet",
        "(1, TIMESTAMP '2024-05-01 01:02:03.000004', 1.25),"
        " (2, TIMESTAMP '2024-05-02 00:00:00', 1.255), (NULL, TIMESTAMP '2024-05-01 00:00:00', 1)",
    )
    deliveries = home.run("transaction")
    quarantined = home.quarantined(deliveries, "line_no, rule, record->>'amount'")
    assert quarantined == [(2, "amount:type", "1.255"), (3, "trans_id:not_null", "1.0")]
    assert home.rows(deliveries, "date::VARCHAR") == [("2024-05-01 01:02:03.000004",)]


@pytest.mark.parametrize(
    ("date", "amount", "loaded"),
    [
        ("TIMESTAMPTZ '2024-05-01 02:00:00+02'", "1.5::DOUBLE", "2024-05-01 00:00:00 1.50"),
        (
            "TIMESTAMP_NS '2024-05-01 00:00:00.000001'",
            "1.5::FLOAT",
            "2024-05-01 00:00:00.000001 1.50",
        ),
        ("'2024-05-01 01:00:00'", "'1.5'", "2024-05-01 01:00:00 1.50"),
        ("DATE '2024-05-01'", "7::INTEGER", "2024-05-01 00:00:00 7.00"),
        ("DATE '2024-05-01'", "1.500::DECIMAL(10,3)", "2024-05-01 00:00:00 1.50"),
        ("DATE '2024-05-01'", "1.555::DECIMAL(10,3)", None),
        ("TIMESTAMP_NS '2024-05-01 00:00:00.000000001'", "1", None),
        ("DATE '2024-05-01'", "99999999999999999::BIGINT", None),
    ],
)
def test_parquet_of_other_types(home: Home, date: str, amount: str, loaded: str | None) -> None:
    parquet(home.landing_dir / "transactions/t.parquet", f"(1, {date}, {amount})")
    deliveries = home.run("transaction")
    if loaded is None:
        assert deliveries.manifest()[0]["reason"].startswith("no record fits the feed (")
        return
    assert home.rows(deliveries, "date::VARCHAR || ' ' || amount") == [(loaded,)]


def test_published_files_have_the_contract_s_types(home: Home) -> None:
    expected = {
        "bigint": "int64",
        "varchar": "string",
        "date": "date32[day]",
        "timestamp": "timestamp[us]",
        "decimal(18,2)": "decimal128(18, 2)",
    }
    parquet(home.landing_dir / "transactions/t.parquet", "(1, DATE '2024-05-01', 1.5)")
    home.deliver("card/card0020240501-1.csv", "5555555555554444,7,gold,2024-01-02\n")
    for feed in ("transaction", "card"):
        (files,) = home.run(feed).partition_files(dt.date.min, dt.date.max).values()
        schema = pq.read_schema(files[0])
        columns = contract(f"raw.{feed}").columns
        assert schema.names == [c.name for c in columns]
        assert [str(t) for t in schema.types] == [expected[c.type] for c in columns]
