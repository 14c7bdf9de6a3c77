"""A date that no calendar has, or that nobody delivered, is quarantined, not read otherwise."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from customer360_assets.deliveries.log import DeliveryLog
from resources.deployment.deployment import Deployment
from tests.deliveries.raw_home import DAY, KEY, Home
from tests.deliveries.raw_parquet import parquet
from tests.deliveries.test_record_defects import transactions


@pytest.mark.parametrize(
    "date",
    [
        "'infinity'::TIMESTAMP",
        "'-infinity'::TIMESTAMP",
        "TIMESTAMP '10000-01-01'",
        "TIMESTAMP '12024-05-23'",
        "TIMESTAMP '0044-03-15 (BC)'",
        "'infinity'::DATE",
        "DATE '5000000-01-01'",
        "'infinity'::TIMESTAMPTZ",
        "TIMESTAMPTZ '10000-01-01 00:00:00+00'",
        "'infinity'::TIMESTAMP_NS",
        "'infinity'",
    ],
)
def test_a_parquet_date_beyond_the_calendar_is_quarantined(home: Home, date: str) -> None:
    folder = home.landing_dir / "transactions"
    parquet(folder / "a.parquet", "(1, DATE '2024-05-01', 1)")
    parquet(folder / "b.parquet", f"(1, NULL, 1), (2, {date}, 1)")
    home.settle("transaction")
    deliveries = home.run("transaction")
    first, second = deliveries.manifest()
    assert first["status"] == "loaded"
    assert second["reason"] == "no record fits the feed (date:not_null 1, date:type 1)"


@pytest.mark.parametrize("to", ["0001-01-01", "9999-12-31"])
def test_the_first_and_the_last_day_of_the_calendar_are_read(home: Home, to: str) -> None:
    parquet(
        home.landing_dir / "transactions/a.parquet", f"(1, TIMESTAMP '{to} 23:59:59.999999', 1)"
    )
    assert home.rows(home.run("transaction"), "business_date") == [(dt.date.fromisoformat(to),)]


@pytest.mark.parametrize(
    "date", ["0000-01-01", "0000-00-00", "2024-01-01T24:00:00", "2024-01-01 24:00", "infinity"]
)
def test_text_that_is_no_date_is_quarantined(home: Home, date: str) -> None:
    assert transactions(home, f"2,1,{date},credit,,1,1") == {1: "date:type"}


FORMATS = [
    "%Y-%m-%d",
    "%d.%m.%Y",
    "%d.%m.%y",
    "%y%m%d",
    "%d/%m/%Y %H:%M:%S",
    "%d %b %Y",
    "%Y%m%d%f",
]


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("infinity", None),
        ("-infinity", None),
        ("epoch", None),
        ("24-01-01", None),
        ("20240-01-01", None),
        ("2024-01-01x", None),
        ("0000-01-01", None),
        ("03.02.0000", None),
        ("03.02.224", None),
        ("03.02.4", None),
        ("3.2.24", "2024-02-03"),
        ("03.02.24", "2024-02-03"),
        ("03.02.2024", "2024-02-03"),
        ("3.2.2024", "2024-02-03"),
        ("31.02.2024", None),
        ("240204", "2024-02-04"),
        ("24024", None),
        ("20240204", None),
        ("202402045", "2024-02-04"),
        ("5/2/2024 1:02:03", "2024-02-05"),
        ("05/02/2024 24:00:00", None),
        ("3 Feb 2024", "2024-02-03"),
        ("3  February 2024", None),
        ("3  feb 2024", "2024-02-03"),
    ],
)
def test_a_format_reads_what_it_says_and_invents_no_date(
    home: Home, text: str, date: str | None
) -> None:
    rules = transactions(home, f"2,1,{text},credit,,1,1", targets={"date": {"formats": FORMATS}})
    assert rules == ({} if date else {1: "date:format"})
    dates = [str(r[0]) for r in home.rows(home.settle("transaction"), "business_date")]
    assert dates == ["2024-01-01", *([date] if date else [])]


def log_of(home: Home, first: dt.date) -> DeliveryLog:
    deployment = Deployment(home=home.root, first_business_date=first)
    log = DeliveryLog.of(deployment, home.landing, home.archive, home.ledger)
    return dataclasses.replace(log, lake_dir=home.lake, key=lambda: KEY)


def test_a_record_before_the_first_business_date_is_quarantined_and_the_rest_is_due(
    home: Home,
) -> None:
    parquet(
        home.landing_dir / "transactions/t.parquet",
        "(1, DATE '2024-05-01', 1), (2, DATE '1900-01-01', 1), (3, DATE '0001-01-01', 1),"
        " (4, DATE '2023-12-31', 1), (5, DATE '2024-01-01', 1)",
    )
    first = dt.date(2024, 1, 1)
    log = log_of(home, first)
    log.take_in(DAY)
    assert sorted(log.versions()["transaction"]) == [first, dt.date(2024, 5, 1)]
    deliveries = log.settled("transaction")
    assert deliveries is not None
    assert [line for (line,) in home.rows(deliveries, "line_no")] == [1, 5]
    rule = "business_date:too_early"
    assert home.quarantined(deliveries, "line_no, rule") == [(2, rule), (3, rule), (4, rule)]
    earlier = log_of(home, dt.date(2023, 12, 31)).settled("transaction")
    assert earlier is not None
    assert [line for (line,) in home.rows(earlier, "line_no")] == [1, 4, 5]


def test_a_file_before_the_first_business_date_is_refused(home: Home) -> None:
    home.deliver("card/card0019000101-1.csv", "5555555555554444,7,gold,2024-01-02\n")
    log = log_of(home, dt.date(1993, 1, 1))
    log.take_in(DAY)
    (row,) = log.manifest()
    assert row["reason"] == "business date 1900-01-01 is before the first one, 1993-01-01"
    assert log.versions()["card"] == {}
