"""All assets of a deployment, with its resources."""

from __future__ import annotations

from collections.abc import Mapping

import dagster as dg

from customer360_assets.assets.as_of import as_of_asset
from customer360_assets.assets.raw import delivery_asset, raw_asset, source_specs
from customer360_assets.assets.serving import serving_asset
from customer360_assets.assets.stage import stage_asset
from customer360_assets.automation.alerts.sensor import alert_sensor
from customer360_assets.automation.arrivals.sensor import arrival_sensors, intake_job
from customer360_assets.automation.conditions.per_layer import condition_sensor
from customer360_assets.automation.conditions.policies import operated
from customer360_assets.automation.housekeeping.lake import housekeeping_schedule, keep_house
from customer360_assets.automation.housekeeping.orphans import orphan_sensor
from customer360_assets.automation.schedule.cycle import schedules
from customer360_assets.automation.schedule.freshness import on_time_checks, on_time_job
from customer360_assets.contracts import contracts
from customer360_assets.feeds.loader import load_feeds
from customer360_assets.planning.outstanding import DAILY_JOB
from customer360_assets.runs.leases import leased_in_process_executor
from customer360_assets.tables.partitions import business_days
from resources.deployment.deployment import Deployment
from resources.wiring.deployed import bound_resources


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
