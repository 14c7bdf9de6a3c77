"""News in time, by business date: what a feed is late with, and what a backfill does not hide."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import dagster as dg
import pytest
from dagster._core.test_utils import freeze_time

from customer360_assets.assembly import definitions_of
from customer360_assets.automation.schedule.cadence import next_expected
from customer360_assets.automation.schedule.freshness import CHECK, CHECKS_JOB, lateness
from customer360_assets.planning.versions import METADATA_KEY, NOTHING
from customer360_assets.tables.specs import asset_key
from resources.deployment.deployment import Deployment

D = dt.date(2024, 5, 23)
"""A Thursday."""


def day(offset: int) -> dt.date:
    return D + dt.timedelta(days=offset)


def at(offset: int, hour: int) -> dt.datetime:
    return dt.datetime.combine(day(offset), dt.time(hour), dt.UTC)


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    return definitions_of(Deployment(home=tmp_path_factory.mktemp("nowhere")))


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def record(instance: dg.DagsterInstance, table: str, date: dt.date, version: str = "v") -> None:
    event = dg.AssetMaterialization(
        asset_key(table), partition=str(date), metadata={METADATA_KEY: version}
    )
    instance.report_runless_asset_event(event)


def check(
    definitions: dg.Definitions, instance: dg.DagsterInstance, now: dt.datetime
) -> dict[str, tuple[bool, str]]:
    """Run the job at a moment; give for each table whether it is on time, and what is said."""
    with freeze_time(now):
        done = definitions.resolve_job_def(CHECKS_JOB).execute_in_process(instance=instance)
    found = done.get_asset_check_evaluations()
    assert {e.check_name for e in found} == {CHECK}
    return {".".join(e.asset_key.path): (e.passed, str(e.description)) for e in found}


def test_an_overdue_feed_is_named_with_how_long(
    definitions: dg.Definitions, instance: dg.DagsterInstance
) -> None:
    record(instance, "raw.transaction", D)
    record(instance, "raw.card", day(1))
    found = check(definitions, instance, at(2, 9))
    assert found["raw.card"] == (True, "card is on time: 2024-05-25 is expected next.")
    assert found["raw.transaction"] == (
        False,
        "transaction is overdue by 3 hours: its newest business date is 2024-05-23, that of"
        " 2024-05-24 was due by 2024-05-25 06:00 UTC. Ask the source system.",
    )
    assert found["raw.account"] == (
        False, "account has never delivered. Its daily deliveries are expected.",
    )  # fmt: skip


def test_a_backfill_of_an_old_date_does_not_make_a_feed_look_fresh(
    definitions: dg.Definitions, instance: dg.DagsterInstance
) -> None:
    record(instance, "raw.card", D)
    before = check(definitions, instance, at(10, 9))["raw.card"]
    with freeze_time(at(10, 10)):
        record(instance, "raw.card", day(-300))
        record(instance, "raw.card", day(9), NOTHING)
    after = check(definitions, instance, at(10, 9))["raw.card"]
    assert not before[0]
    assert after == before


def test_a_weekly_feed_is_given_its_week(
    definitions: dg.Definitions, instance: dg.DagsterInstance
) -> None:
    record(instance, "raw.web_visitor_map", D)
    assert check(definitions, instance, at(7, 23))["raw.web_visitor_map"][0]
    found = check(definitions, instance, at(10, 6))["raw.web_visitor_map"]
    assert found[1].startswith("web_visitor_map is overdue by 2 days 0 hours")


def test_a_bank_that_never_delivers_on_weekends_is_not_late_on_one() -> None:
    weekdays = [day(-n) for n in range(28, -2, -1) if day(-n).weekday() < 5]
    assert weekdays[-1].weekday() == 4
    assert next_expected(weekdays, "daily") == weekdays[-1] + dt.timedelta(days=3)
    saturday = weekdays[-1] + dt.timedelta(days=2)
    result = lateness("raw.card", "daily", weekdays, at((saturday - D).days, 12))
    assert result.passed
    every_day = [day(-n) for n in range(28, -2, -1)]
    assert next_expected(every_day, "daily") == every_day[-1] + dt.timedelta(days=1)


def test_the_clock_judges_the_intake_and_no_table_that_goes_by_business_date(
    definitions: dg.Definitions,
) -> None:
    """It looks at when a run was, not at what it was of."""
    specs = definitions.resolve_all_asset_specs()
    policies = {s.key: s.freshness_policy for s in specs if s.freshness_policy}
    assert policies == {
        asset_key("raw.delivery"): dg.FreshnessPolicy.time_window(
            warn_window=dt.timedelta(hours=30), fail_window=dt.timedelta(hours=78)
        )
    }
    by_date = {k.asset_key for k in definitions.resolve_asset_graph().asset_check_keys
               if k.name == CHECK}  # fmt: skip
    assert asset_key("raw.card") in by_date
    assert by_date.isdisjoint(policies)
