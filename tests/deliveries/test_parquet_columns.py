"""Columns of Parquet by the names that the file has, and floating point without rounding."""

from __future__ import annotations

from decimal import Decimal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from customer360_assets.deliveries.parsing.types_sql import text_sql, typed_sql
from tests.deliveries.movements import deliver_parquet, movement_feed, parquet_rows
from tests.deliveries.raw_home import Home, only


def deliver_table(home: Home, columns: list[tuple[str, object]]) -> None:
    """Deliver one row of these columns, in this order, after those of a good movement."""
    base: list[tuple[str, object]] = [
        ("trans_id", 1), ("account_id", 7), ("date", "2024-05-01"), ("type", "credit"),
        ("operation", "CCK"), ("balance", 2),
    ]  # fmt: skip
    arrays = [pa.array([value]) for _, value in base + columns]
    table = pa.Table.from_arrays(arrays, names=[name for name, _ in base + columns])
    pq.write_table(table, home.landing_dir / "t.parquet")
    home.feeds = {"transaction": movement_feed("parquet")}


@pytest.mark.parametrize(
    "names", [("Amount", "amount"), ("amount", "Amount"), ("AMOUNT", "Amount")]
)
def test_a_needed_column_that_another_differs_from_in_case_only(
    home: Home, names: tuple[str, str]
) -> None:
    deliver_table(home, [(names[0], 1), (names[1], 2)])
    row = only(home.run("transaction"))
    assert (row["status"], row["reason"]) == (
        "refused",
        f"columns differ only in case: {names[0]} and {names[1]}",
    )


def test_columns_that_nobody_reads_may_differ_in_case(home: Home) -> None:
    deliver_table(home, [("amount", 1), ("Note", "a"), ("note", "b")])
    deliveries = home.run("transaction")
    assert home.rows(deliveries, "amount") == [(Decimal("1.00"),)]
    assert only(deliveries)["reason"] == "fields not in the specification: Note, note"


def test_a_column_is_not_taken_for_one_that_the_engine_renamed(home: Home) -> None:
    home.feeds = {}
    deliver_table(home, [("x", 5), ("X", 6), ("x_1", 1)])
    spec = movement_feed("parquet", targets={"amount": {"from": "x_1"}}, columns=[])
    home.feeds = {"transaction": spec}
    assert home.rows(home.run("transaction"), "amount") == [(Decimal("1.00"),)]


def test_nested_columns_do_not_hide_the_ones_after_them(home: Home) -> None:
    deliver_table(home, [("extra", {"Amount": 9, "deep": {"amount": 8}}), ("amount", 1)])
    assert home.rows(home.run("transaction"), "amount") == [(Decimal("1.00"),)]


@pytest.mark.parametrize("kind", ["FLOAT", "DOUBLE"])
def test_floating_point_becomes_the_amount_that_it_was_written_from(home: Home, kind: str) -> None:
    values = ["0.1", "12345.67", "-0.05", "131071.99", "2.5"]
    deliveries = deliver_parquet(
        home, parquet_rows("amount", *(f"CAST({v} AS {kind})" for v in values))
    )
    rows = home.rows(deliveries, "trans_id, amount")
    assert [amount for _, amount in rows] == [Decimal(v) for v in values]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        # float32 has steps of 1/8 there: 1,234,567.89 and .83 are one number.
        ("FLOAT", "1234567.89"),
        ("FLOAT", "250000.01"),
        ("FLOAT", "0.125"),
        ("DOUBLE", "1234567890123456.78"),
        ("DOUBLE", "0.005"),
        ("DOUBLE", "'inf'"),
    ],
)
def test_an_amount_that_could_be_another_is_quarantined(home: Home, kind: str, value: str) -> None:
    values = [f"CAST(1 AS {kind})", f"CAST({value} AS {kind})"]
    deliveries = deliver_parquet(home, parquet_rows("amount", *values))
    assert home.quarantined(deliveries, "line_no, rule") == [(2, "amount:type")]


def test_a_nan_is_no_value(home: Home) -> None:
    values = ["CAST('nan' AS DOUBLE)", "CAST(1.5 AS DOUBLE)"]
    deliveries = deliver_parquet(home, parquet_rows("balance", *values))
    assert home.rows(deliveries, "trans_id, balance") == [(1, None), (2, Decimal("1.50"))]
    assert home.quarantined(deliveries) == []


@pytest.mark.parametrize(
    ("kind", "account", "read"),
    [
        ("FLOAT", 16_777_215, 16_777_215),
        # 16,777,217 is the same float32.
        ("FLOAT", 16_777_216, None),
        ("DOUBLE", 9_007_199_254_740_991, 9_007_199_254_740_991),
        ("DOUBLE", 9_007_199_254_740_992, None),
    ],
)
def test_ids_in_floating_point(home: Home, kind: str, account: int, read: int | None) -> None:
    values = [f"CAST(1 AS {kind})", f"CAST({account} AS {kind})"]
    deliveries = deliver_parquet(home, parquet_rows("account_id", *values))
    rows = [account_id for _, account_id in home.rows(deliveries, "trans_id, account_id")]
    assert rows == [1] + ([read] if read else [])
    rules = home.quarantined(deliveries, "rule")
    assert rules == ([] if read else [("account_id:type",)])


def test_float32_becomes_the_double_of_its_shortest_text() -> None:
    sql = typed_sql(text_sql("f", "FLOAT", "double"), "double")
    read = duckdb.execute(f"SELECT {sql} FROM (SELECT CAST(0.1 AS FLOAT) AS f)").fetchone()
    assert read == (0.1,)
