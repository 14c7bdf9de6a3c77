"""What cuts across all assets: when each is made, and what the clock makes stale."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import dagster as dg

from customer360_assets.automation.arrivals.sensor import INTAKE
from customer360_assets.automation.conditions.per_layer import conditions
from customer360_assets.automation.conditions.planner import Planner
from customer360_assets.automation.schedule.freshness import INTAKE_FRESHNESS
from customer360_assets.feeds.spec import FeedSpec
from customer360_assets.tables.specs import asset_key
from resources.deployment.deployment import Deployment


def operated(
    assets: Iterable[dg.AssetsDefinition], deployment: Deployment, feeds: Mapping[str, FeedSpec]
) -> list[dg.AssetsDefinition]:
    """Return the assets with their automation condition, the intake with a freshness policy."""
    made_when = conditions(Planner(deployment, feeds))

    def policies(spec: dg.AssetSpec) -> dg.AssetSpec:
        return spec.replace_attributes(
            automation_condition=made_when.get(spec.key),
            freshness_policy=INTAKE_FRESHNESS if spec.key == asset_key(INTAKE) else None,
        )

    return list(dg.map_asset_specs(policies, assets))
