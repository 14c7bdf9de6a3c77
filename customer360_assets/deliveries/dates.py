"""The business dates that an intake has found: where partitions start, and whose files came."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import dagster as dg

from customer360_assets.planning.versions import Versions
from customer360_assets.tables.partitions import span_of
from customer360_assets.tables.specs import asset_key
from resources.deployment.deployment import Deployment

DELIVERED = "Deliveries of this business date are in the manifest."


def record_dates(
    context: dg.AssetExecutionContext,
    deployment: Deployment,
    versions: Mapping[str, Versions],
    arrived: dt.date,
) -> None:
    """Record the dates of all deliveries: the earliest in the home, each one as a partition.

    The UI calls a date of a raw table impossible to materialize while raw.delivery has none of it.
    The day of an intake needs a partition too, even if all that came is of later dates.
    """
    dates = {date for of_feed in versions.values() for date in of_feed}
    deployment.record_deliveries({*dates, arrived})
    key = asset_key("raw.delivery")
    known = context.instance.get_materialized_partitions(key)
    for date in sorted(dates - set(span_of(context).dates)):
        if date.isoformat() not in known:
            context.log_event(
                dg.AssetMaterialization(key, partition=date.isoformat(), description=DELIVERED)
            )
