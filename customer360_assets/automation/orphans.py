"""The sensor that ends what ended runs have left behind."""

from __future__ import annotations

import dagster as dg

from customer360_assets.deployment import Deployment
from customer360_assets.instance import close_abandoned_runs

SENSOR = "abandoned_runs"
EVERY_SECONDS = 60


def orphan_sensor(deployment: Deployment) -> dg.SensorDefinition:
    """Give the sensor, which is on from the start: it only ends what nobody waits for."""

    @dg.sensor(
        name=SENSOR,
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=EVERY_SECONDS,
        description=(
            "Marks runs as failed whose process is gone, so that their slots are free and a "
            "backfill goes on. What they published stays; a retry makes the rest."
        ),
    )
    def abandoned_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        closed = close_abandoned_runs(context.instance)
        if not closed:
            return dg.SkipReason("Every run in progress has its process.")
        return dg.SkipReason(f"Ended: {', '.join(closed)}. Retry them, or run customer360 run.")

    return abandoned_runs
