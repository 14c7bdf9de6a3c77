"""The profile store as an asset: what a branch or an application reads."""

import datetime as dt
from collections.abc import Iterator

import dagster as dg

from customer360_assets.contracts import contract as contract_of
from customer360_assets.planning.versions import (
    METADATA_KEY,
    NOTHING,
    PROFILE,
    SERVING_CODE,
    combine,
    recorded_versions,
)
from customer360_assets.publishing.platform import RESOURCES, Platform
from customer360_assets.publishing.retries import retried
from customer360_assets.tables.partitions import MONTHLY, span_of
from resources.deployment.deployment import Deployment
from resources.protocols.profile_store import LoadResult

KEY = dg.AssetKey(["serving", "customer_profile"])


def serving_asset(
    deployment: Deployment, partitions: dg.DailyPartitionsDefinition
) -> dg.AssetsDefinition:
    """Return the asset that loads the profile store."""

    @dg.multi_asset(
        name="serving__customer_profile",
        specs=[
            dg.AssetSpec(
                KEY,
                deps=[dg.AssetKey(PROFILE.split("."))],
                description=(
                    "The profile of every client, by client id and by branch. A reader sees one "
                    "business date, whole; an older date never replaces a newer one."
                ),
                group_name="serving",
                owners=[contract_of(PROFILE).owner],
                kinds={"dynamodb" if deployment.aws else "sqlite"},
                code_version=SERVING_CODE,
                partitions_def=partitions,
                tags={"layer": "serving", "personal_data": "quasi", "cadence": "daily"},
            )
        ],
        check_specs=[
            dg.AssetCheckSpec(
                "complete",
                asset=KEY,
                blocking=True,
                description=(
                    "The store holds every client of the profile, and no other, of a date that has "
                    "come."
                ),
            )
        ],
        required_resource_keys=RESOURCES,
        backfill_policy=MONTHLY,
        pool="store",
    )
    @retried
    def serving(
        context: dg.AssetExecutionContext,
    ) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]:
        platform, date = Platform.of(context), span_of(context).last
        # Before the data: a profile that is published meanwhile makes serving outstanding again.
        version = recorded_versions(context.instance, PROFILE).get(date, NOTHING)
        expected = platform.lake.dates(PROFILE, first=date, last=date).get(date)
        if not expected:
            raise dg.Failure(
                f"{PROFILE} has no rows on {date}. Materialize it first; if it is, CRM knew "
                "no client by that date.",
                allow_retries=False,
            )
        rows = platform.lake.batches(PROFILE, first=date, last=date)
        loaded = platform.store.load(date, context.run.run_id, rows, expected=expected)
        problem = _problem(date, loaded, expected)
        check = dg.AssetCheckResult(
            asset_key=KEY,
            check_name="complete",
            passed=problem is None,
            description=problem or _served(loaded),
            metadata={"items": loaded.items, "profile_rows": expected},
        )
        yield dg.MaterializeResult(
            asset_key=KEY,
            check_results=[check],
            metadata={
                METADATA_KEY: combine(SERVING_CODE, [(PROFILE, date, version)]),
                "items": loaded.items,
                "serving": str(loaded.serving),
                "kept_newer": not loaded.loaded,
            },
        )

    return serving


def _problem(date: dt.date, loaded: LoadResult, expected: int) -> str | None:
    """Return what is wrong with the served profiles; None if nothing is."""
    if loaded.serving > dt.datetime.now(dt.UTC).date():
        return (
            f"The store serves {loaded.serving}, which has not come yet (UTC), and no other date "
            f"until then. Undo the run that made it: customer360 history {PROFILE}, then "
            "customer360 rollback --run RUN."
        )
    if loaded.loaded and loaded.items != expected:
        return f"{loaded.items:,} clients loaded, the profile of {date} has {expected:,}."
    return None


def _served(loaded: LoadResult) -> str:
    if loaded.loaded:
        return f"{loaded.items:,} clients served as of {loaded.serving}."
    return f"The store serves {loaded.serving}, which is newer, and keeps it."
