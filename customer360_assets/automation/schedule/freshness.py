"""Is there news in time: a check by business date, and the clock for the intake alone.

Dagster's freshness policy looks at the newest materialization, whichever date it was of: a table
would pass after a backfill of last year, beside a check that says how long its feed is overdue. Of
the intake it says what is true: nobody has looked into the landing zone.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

import dagster as dg

from customer360_assets.automation.schedule.cadence import cadence_of, deadline, next_expected
from customer360_assets.contracts import contract as contract_of
from customer360_assets.contracts import contracts
from customer360_assets.feeds.spec import FeedSpec
from customer360_assets.planning.materializations import delivered, made
from customer360_assets.planning.versions import PROFILE
from customer360_assets.tables.specs import asset_key
from resources.dagster_internals import UnresolvedAssetJobDefinition

CHECK = "on_time"
CHECKS_JOB = "are_feeds_on_time"
EVERY_HOUR = cast(
    dg.AutomationCondition[dg.AssetCheckKey],
    dg.AutomationCondition.cron_tick_passed("20 * * * *").with_label("every hour"),
)
INTAKE_FRESHNESS = dg.FreshnessPolicy.time_window(
    warn_window=dt.timedelta(days=1, hours=6), fail_window=dt.timedelta(days=3, hours=6)
)
"""Files come every day; a weekend may pass without any."""
WAITING = "The ticks of the sensor new_and_late_deliveries say what it waits for."


def on_time_checks(feeds: Mapping[str, FeedSpec]) -> dg.AssetChecksDefinition:
    """Return the deadline checks: one for the raw table of each feed, one for the profile."""
    tables = [c.table for c in contracts("raw") if c.feed in feeds] + [PROFILE]

    @dg.multi_asset_check(
        name=CHECK,
        specs=[
            dg.AssetCheckSpec(
                CHECK,
                asset=asset_key(table),
                description="The newest business date delivered is not behind the cadence.",
                # A condition of its own: else it would ride along in every run of its asset.
                automation_condition=EVERY_HOUR,
            )
            for table in tables
        ],
        can_subset=True,
    )
    def on_time(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        now = _asked_at(context)
        for key in sorted(context.selected_asset_check_keys):
            table = ".".join(key.asset_key.path)
            cadence = cadence_of(contract_of(table), feeds)
            seen = delivered(made(context.instance, table))
            yield lateness(table, cadence, seen, now)

    return on_time


def lateness(
    table: str, cadence: str, seen: Sequence[dt.date], now: dt.datetime
) -> dg.AssetCheckResult:
    """Return whether a table is on time by its cadence, and how late it is at a given time."""
    name = contract_of(table).feed or table
    numbers: dict[str, str | float] = {"cadence": cadence}
    if not seen:
        sentence = f"{name} has never delivered. Its {cadence} deliveries are expected."
    else:
        due = next_expected(seen, cadence)
        late = now - deadline(due)
        numbers |= {
            "newest_business_date": str(seen[-1]),
            "expected_business_date": str(due),
            "hours_late": max(0.0, round(late.total_seconds() / 3600, 1)),
        }
        if late <= dt.timedelta(0):
            return _result(table, True, f"{name} is on time: {due} is expected next.", numbers)
        sentence = (
            f"{name} is overdue by {_duration(late)}: its newest business date is {seen[-1]},"
            f" that of {due} was due by {deadline(due):%Y-%m-%d %H:%M} UTC. "
            + (WAITING if table == PROFILE else "Ask the source system.")
        )
    return _result(table, False, sentence, numbers)


def on_time_job(checks: dg.AssetChecksDefinition) -> UnresolvedAssetJobDefinition:
    """Return the job that runs the deadline checks of all feeds."""
    return dg.define_asset_job(
        CHECKS_JOB,
        selection=dg.AssetSelection.checks(checks),
        description="Checks whether each feed, and the profile, is on time by its cadence.",
    )


def _result(
    table: str, passed: bool, sentence: str, numbers: Mapping[str, str | float]
) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=asset_key(table),
        check_name=CHECK,
        passed=passed,
        severity=dg.AssetCheckSeverity.WARN,
        description=sentence,
        metadata=dict(numbers),
    )


def _duration(late: dt.timedelta) -> str:
    hours = int(late.total_seconds() // 3600)
    days, hours = divmod(hours, 24)
    return f"{days} days {hours} hours" if days else f"{hours} hours"


def _asked_at(context: dg.AssetCheckExecutionContext) -> dt.datetime:
    """Return the time at which the run was created: a retry has the same time."""
    record = context.instance.get_run_record_by_id(context.run.run_id)
    if record is None:
        raise dg.Failure(f"run {context.run.run_id} is not on record", allow_retries=False)
    asked: dt.datetime = record.create_timestamp
    return asked
