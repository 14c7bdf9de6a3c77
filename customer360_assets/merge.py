"""All assets of a deployment, with its resources."""

from __future__ import annotations

from collections.abc import Mapping

import dagster as dg

from customer360_assets.automation.alerts_sensor import alert_sensor
from customer360_assets.automation.conditions import condition_sensor
from customer360_assets.automation.cycle import schedules
from customer360_assets.automation.freshness import on_time_checks, on_time_job
from customer360_assets.automation.housekeeping import housekeeping_schedule, keep_house
from customer360_assets.automation.orphans import orphan_sensor
from customer360_assets.automation.policies import operated
from customer360_assets.automation.sensors import arrival_sensors, intake_job
from customer360_assets.contracts import contracts
from customer360_assets.dimensions.assets import as_of_asset
from customer360_assets.feeds.loader import load_feeds
from customer360_assets.leases import leased_in_process_executor
from customer360_assets.partitions import business_days
from customer360_assets.planning import DAILY_JOB
from customer360_assets.raw.assets import delivery_asset, raw_asset, source_specs
from customer360_assets.serving.assets import serving_asset
from customer360_assets.stage.assets import stage_asset
from resources.deployed import bound_resources
from resources.deployment import Deployment


def definitions_of(
    deployment: Deployment, loggers: Mapping[str, dg.LoggerDefinition] | None = None
) -> dg.Definitions:
    """Return assets, checks, job and resources of a deployment."""
    days = business_days(deployment)
    intake = intake_job()
    feeds = load_feeds(deployment.feeds, deployment.first_business_date)
    checks = on_time_checks(feeds)
    assets = [
        delivery_asset(deployment, feeds, days),
        *(
            raw_asset(deployment, c, feeds.get(str(c.feed)), days)
            for c in contracts("raw")
            if c.feed
        ),
        *(stage_asset(deployment, c, days) for c in contracts("stage")),
        *(as_of_asset(c, days) for c in (*contracts("dimension"), *contracts("profile"))),
        serving_asset(deployment, days),
    ]
    business_day = dg.define_asset_job(
        DAILY_JOB,
        selection=dg.AssetSelection.all() - dg.AssetSelection.checks(checks),
        partitions_def=days,
        description="All of a business date, from its deliveries to the profile store.",
    )
    on_time = on_time_job(checks)
    return dg.Definitions(
        assets=[*source_specs(feeds), *operated(assets, deployment, feeds)],
        jobs=[intake, business_day, on_time, keep_house],
        asset_checks=[checks],
        schedules=[*schedules(business_day, on_time), housekeeping_schedule()],
        sensors=[
            *arrival_sensors(deployment, feeds, intake),
            condition_sensor(),
            alert_sensor(),
            orphan_sensor(deployment),
        ],
        resources=bound_resources(deployment),
        # One process: a step's own process would spend more on starting than most steps take.
        executor=leased_in_process_executor,
        loggers=loggers,
    )
