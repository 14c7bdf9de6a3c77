"""CRM delivers all along the demo's history, in one run's reach, and days go on after it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from customer360_assets.cli.demo import END, snapshot_dates
from customer360_assets.planning.outstanding import BRIDGE
from customer360_assets.tables.partitions import business_days, spans
from resources.deployment.deployment import Deployment


def test_snapshots_reach_from_the_first_day_to_the_last_in_one_span() -> None:
    first = dt.date(2024, 6, 10)
    dates = snapshot_dates(first, END)
    assert [str(d) for d in dates] == ["2024-06-10", "2024-06-16", "2024-06-23", "2024-06-30"]
    assert [(s.first, s.last) for s in spans(dates, bridge=BRIDGE)] == [(first, END)]


def test_a_first_day_that_is_a_weeks_end_is_taken_once() -> None:
    assert snapshot_dates(dt.date(2024, 6, 23), END) == [dt.date(2024, 6, 23), END]


def test_the_day_of_a_tick_is_a_partition(tmp_path: Path) -> None:
    """A sensor asks for the partition of today, which a calendar that ends does not have."""
    days = business_days(Deployment(home=tmp_path, first_business_date=dt.date(2024, 6, 10)))
    today = dt.datetime(2026, 1, 15, 12, tzinfo=dt.UTC)
    keys = days.get_partition_keys(current_time=today)
    assert keys[0] == "2024-06-10"
    assert keys[-1] == "2026-01-15"
