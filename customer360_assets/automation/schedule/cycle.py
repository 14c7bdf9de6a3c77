"""The daily cycle as a schedule, to be switched on; it is off at first."""

from __future__ import annotations

import datetime as dt

import dagster as dg

from customer360_assets.automation.priority import DAILY
from customer360_assets.planning.holds import recorded_holds, sentence
from customer360_assets.planning.outlook import automated_tables
from resources.dagster_internals import PRIORITY_TAG, UnresolvedAssetJobDefinition


def schedules(
    business_day: UnresolvedAssetJobDefinition, on_time: UnresolvedAssetJobDefinition
) -> list[dg.ScheduleDefinition]:
    """Return the daily schedules, in UTC."""

    @dg.schedule(
        name="close_the_business_day",
        job=business_day,
        cron_schedule="15 6 * * *",
        execution_timezone="UTC",
        description=(
            "Materializes the previous business date from what has arrived by 06:15 UTC. Where the"
            " sensor new_and_late_deliveries is on, this is only a safeguard."
        ),
    )
    def close_the_day(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        date = context.scheduled_execution_time.date() - dt.timedelta(days=1)
        days = business_day.partitions_def
        if days and not days.has_partition_key(date.isoformat()):
            return dg.SkipReason(f"{date} is no business date of this deployment.")
        held_by_table = recorded_holds(context.instance, automated_tables())
        if of_date := {table: [date] for table, dates in held_by_table.items() if date in dates}:
            return dg.SkipReason(sentence(of_date))
        return dg.RunRequest(partition_key=date.isoformat(), tags={PRIORITY_TAG: DAILY})

    deadlines = dg.ScheduleDefinition(
        name="look_at_deadlines",
        job=on_time,
        cron_schedule="45 6-22/4 * * *",
        execution_timezone="UTC",
        description=(
            "Checks whether each feed, and the profile, is on time by its cadence. Where the sensor"
            " new_and_late_deliveries is on, it does this every hour already."
        ),
    )
    return [close_the_day, deadlines]
