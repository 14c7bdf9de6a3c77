"""What a run may say to the intake, and what holds when it says nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import dagster as dg
from pydantic import Field

from customer360_assets.deliveries.intake.arrival import arrival_date
from customer360_assets.deliveries.intake.at_rest import AtRest
from customer360_assets.feeds.spec import FeedSpec
from customer360_assets.tables.partitions import span_of
from resources.deployment.deployment import Deployment
from resources.protocols.landing import LandedFile, Landing


class IntakeConfig(dg.Config):
    """What an intake takes in; by default whatever lies in the landing zone."""

    feed: str | None = Field(default=None, description="This feed alone; every feed when empty.")
    files: dict[str, str] | None = Field(
        default=None,
        description=(
            "These files alone, each with the size and version that it must still have; "
            "every file when not given, none when empty: then what has arrived is only parsed."
        ),
    )
    arrived: str | None = Field(
        default=None,
        description=(
            "Date of arrival (YYYY-MM-DD): the business date of files that state none. When not "
            "given: the partition, or the day on which the run began if the partition is older "
            "than the day before. It is never before the date of an earlier intake."
        ),
    )
    settle_seconds: float | None = Field(
        default=None,
        ge=0,
        description=(
            "Seconds for which a file must not have changed; younger ones are waited for. The "
            "deployment's when not given. Files that the run names are taken as they are named."
        ),
    )

    def date_of_arrival(self, context: dg.AssetExecutionContext, deployment: Deployment) -> dt.date:
        """Return the business date of files that state none."""
        if self.arrived is not None:
            return dt.date.fromisoformat(self.arrived)
        record = context.instance.get_run_record_by_id(context.run.run_id)
        if record is None:
            raise LookupError(f"run {context.run.run_id} is not on record")
        started = record.create_timestamp.astimezone(dt.UTC).date()
        return arrival_date(span_of(context).last, started, deployment.last_business_date)

    def at_rest(
        self,
        context: dg.AssetExecutionContext,
        deployment: Deployment,
        landing: Landing,
        feeds: Mapping[str, FeedSpec],
    ) -> AtRest:
        """Wait for files that are still being written; return what recognises whole ones."""
        seconds = self.settle_seconds
        rest = AtRest(deployment.settle_seconds if seconds is None else seconds)
        if self.files is None:
            rest.wait(lambda: _shown(landing, feeds), context.log.info)
        return rest


def _shown(landing: Landing, feeds: Mapping[str, FeedSpec]) -> list[LandedFile]:
    return [f for _, spec in sorted(feeds.items()) for f in landing.list(spec.folder, spec.pattern)]
