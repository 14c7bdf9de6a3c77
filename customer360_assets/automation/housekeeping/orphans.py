"""The sensor that ends what ended runs have left behind."""

from __future__ import annotations

import time

import dagster as dg

from customer360_assets.automation.housekeeping import orphans_on_aws
from customer360_assets.runs.instance import close_abandoned_runs, is_of_home
from resources.deployment.deployment import Deployment

SENSOR = "abandoned_runs"
EVERY_SECONDS = 60
EVERY_SECONDS_ON_AWS = 300
"""Each look lists hours of queries, and nothing is stopped sooner than the grace period."""
_RUNS = (
    "Marks runs as failed whose process is gone, so that their slots are free and a "
    "backfill goes on. What they published stays; a retry makes the rest."
)
_JOBS = (
    "Stops what ended runs have left running on AWS: Athena queries, executions of the state "
    "machine, Glue and EMR jobs. A retry attaches to what still runs, so a run and all its "
    f"retries must have ended for {orphans_on_aws.GRACE_SECONDS / 60:.0f} minutes. What no run of "
    "this instance has started is left alone. Drops temporary tables of Glue that killed runs left "
    f"more than {orphans_on_aws.TABLES_AFTER.days} days ago; files stay."
)


def orphan_sensor(deployment: Deployment) -> dg.SensorDefinition:
    """Return the sensor, which is on by default: it only stops what no run waits for."""

    @dg.sensor(
        name=SENSOR,
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=EVERY_SECONDS_ON_AWS if deployment.aws else EVERY_SECONDS,
        description=_JOBS if deployment.aws else _RUNS,
    )
    def abandoned_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        if deployment.aws is None:
            return dg.SkipReason(_closed(context.instance))
        # Workers that share a record hold no leases: their own monitoring ends their runs.
        parts = [_closed(context.instance)] if is_of_home(context.instance, deployment) else []
        swept = orphans_on_aws.sweep(deployment.aws, context.instance, time.time())
        parts.append(swept.summary())
        if swept.broken:
            raise RuntimeError(" ".join(parts))
        return dg.SkipReason(" ".join(parts))

    return abandoned_runs


def _closed(instance: dg.DagsterInstance) -> str:
    closed = close_abandoned_runs(instance)
    if not closed:
        return "The lease of every run in progress is held."
    return f"Ended: {', '.join(closed)}. Retry them, or run customer360 run."
