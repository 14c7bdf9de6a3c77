"""All assets of a deployment, with its resources."""

from __future__ import annotations

from collections.abc import Mapping

import dagster as dg

from customer360_assets.contracts import contracts
from customer360_assets.deployment import Deployment
from customer360_assets.dimensions.assets import as_of_asset
from customer360_assets.feeds.loader import load_feeds
from customer360_assets.partitions import business_days
from customer360_assets.raw.assets import delivery_asset, raw_asset, source_specs
from customer360_assets.serving.assets import serving_asset
from customer360_assets.stage.assets import stage_asset
from resources.deployed import resources_of

DAILY_JOB = "business_day"


def definitions_of(
    deployment: Deployment, loggers: Mapping[str, dg.LoggerDefinition] | None = None
) -> dg.Definitions:
    """Give assets, checks, job and resources of a deployment."""
    days = business_days(deployment)
    feeds = load_feeds(deployment.feeds)
    return dg.Definitions(
        assets=[
            *source_specs(feeds),
            delivery_asset(deployment, feeds, days),
            *(
                raw_asset(deployment, c, feeds.get(str(c.feed)), days)
                for c in contracts("raw")
                if c.feed
            ),
            *(stage_asset(deployment, c, days) for c in contracts("stage")),
            *(as_of_asset(c, days) for c in (*contracts("dimension"), *contracts("profile"))),
            serving_asset(days),
        ],
        jobs=[
            dg.define_asset_job(
                DAILY_JOB,
                selection=dg.AssetSelection.all(),
                partitions_def=days,
                description="All of a business date, from its deliveries to the profile store.",
            )
        ],
        resources=resources_of(deployment),
        # One process: a step's own process would spend more on starting than most steps take.
        executor=dg.in_process_executor,
        loggers=loggers,
    )
