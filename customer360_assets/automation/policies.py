"""What cuts across all assets: when each is made, and when it is stale."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import dagster as dg

from customer360_assets.automation.conditions import conditions
from customer360_assets.automation.freshness import freshness_policy
from customer360_assets.automation.planner import Planner
from customer360_assets.deployment import Deployment
from customer360_assets.feeds.spec import FeedSpec


def operated(
    assets: Iterable[dg.AssetsDefinition], deployment: Deployment, feeds: Mapping[str, FeedSpec]
) -> list[dg.AssetsDefinition]:
    """Give the assets with their automation condition and freshness policy.

    What rests on a feed that the deployment does not have is never stale.
    """
    made_when = conditions(Planner(deployment, feeds))

    def policies(spec: dg.AssetSpec) -> dg.AssetSpec:
        feed = spec.tags.get("feed", "")
        known = not feed or feed in feeds
        cadence = feeds[feed].cadence if feed in feeds else spec.tags["cadence"]
        return spec.replace_attributes(
            automation_condition=made_when.get(spec.key),
            freshness_policy=freshness_policy(cadence) if known else None,
        )

    return list(dg.map_asset_specs(policies, assets))
