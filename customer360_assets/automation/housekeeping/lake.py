"""Housekeeping of the lake: old snapshots are forgotten, and what no snapshot shows is deleted."""

import datetime as dt

import dagster as dg

from customer360_assets.publishing.combined import PREFIX
from customer360_assets.runs.leases import leased_in_process_executor

SNAPSHOTS = 60
"""Kept of each table: so far can be rolled back, and looked at as it was."""
ORPHAN_DAYS = 7
"""What is younger may be a candidate of a run in progress, or of one that will be retried."""
PARSED = {"raw", "quarantine"}
"""Their files are parsed deliveries: one that is out of force may come into force again.

What was combined of many of them is made again, and goes as the candidates of other tables do.
"""


@dg.op(
    required_resource_keys={"lake"},
    description="Forgets old snapshots of every table and deletes files that no snapshot uses.",
)
def tidy_the_lake(context: dg.OpExecutionContext) -> None:
    """Tidy one table after another; one that is being written to is left for the next time."""
    from resources.protocols.lake import LakeError

    lake = context.resources.lake
    limit = dt.datetime.now(dt.UTC) - dt.timedelta(days=ORPHAN_DAYS)
    forgotten = removed = 0
    for table in lake.tables():
        try:
            forgotten += len(lake.expire(table, SNAPSHOTS))
            keys = PREFIX if table.split(".")[0] in PARSED else ""
            removed += len(lake.remove_orphans(table, limit, keys))
        except LakeError as error:
            context.log.warning(f"{table} is left for the next run: {error}")
    context.add_output_metadata({"snapshots forgotten": forgotten, "files deleted": removed})


@dg.job(
    name="keep_house",
    executor_def=leased_in_process_executor,
    description=(
        f"Keeps the newest {SNAPSHOTS} snapshots of each table of the lake, and deletes files that"
        f" no snapshot has shown for {ORPHAN_DAYS} days."
    ),
)
def keep_house() -> None:
    """Tidy the lake."""
    tidy_the_lake()


def housekeeping_schedule() -> dg.ScheduleDefinition:
    """Return the weekly schedule; it is off at first."""
    return dg.ScheduleDefinition(
        name="keep_house_weekly",
        job=keep_house,
        cron_schedule="30 2 * * 0",
        execution_timezone="UTC",
        description="Sunday 02:30 UTC: forgets old snapshots and deletes files that none uses.",
    )
