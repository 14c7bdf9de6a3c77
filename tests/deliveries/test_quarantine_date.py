"""The date of a delivery's quarantined records is that of most records, not of one wrong one."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from customer360_assets.deliveries.log import DeliveryLog
from resources.deployment.deployment import Deployment
from tests.deliveries.raw_home import DAY, KEY, Home, only
from tests.deliveries.raw_parquet import parquet

FILE = "transactions/t.parquet"


@pytest.mark.parametrize(
    ("dates", "own"),
    [
        (["2024-05-21", "2024-05-21", "2024-05-22", "2099-01-01"], "2024-05-21"),
        (["2024-05-21", "2024-05-22"], "2024-05-22"),
    ],
)
def test_a_date_far_ahead_does_not_hide_a_delivery_s_quarantine(
    home: Home, dates: list[str], own: str
) -> None:
    rows = [f"({i}, DATE '{date}', 1)" for i, date in enumerate(dates, start=1)]
    parquet(home.landing_dir / FILE, ", ".join([*rows, "(9, NULL, 1)"]))
    deliveries = home.run("transaction")
    assert only(deliveries)["business_date"] == dt.date.fromisoformat(own)
    (found,) = home.quarantined(deliveries, "business_date, rule")
    assert found == (dt.date.fromisoformat(own), "date:not_null")
    assert list(deliveries.quarantine_files(dt.date.min, DAY)) == [dt.date.fromisoformat(own)]


def test_records_dated_after_the_business_date_are_reported(home: Home) -> None:
    parquet(
        home.landing_dir / FILE,
        "(1, DATE '2024-05-21', 1), (2, DATE '2024-05-21', 1), (3, DATE '2099-01-01', 1)",
    )
    log = DeliveryLog.of(Deployment(home=home.root), home.landing, home.archive, home.ledger)
    log = dataclasses.replace(log, lake_dir=home.lake, key=lambda: KEY)
    log.take_in(DAY)
    reported = "transaction: 1 records of present files are dated after 2024-05-23."
    assert reported in log.remarks(DAY)
    assert not [r for r in log.remarks(dt.date(2024, 5, 20)) if "dated after" in r]
    assert not [r for r in log.remarks(dt.date(2099, 1, 1)) if "dated after" in r]
