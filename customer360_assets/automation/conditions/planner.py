"""The outlook of a tick, made once for all tables and again only when something has changed."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from functools import cached_property

import dagster as dg

from customer360_assets.automation.arrivals.sensor import INTAKE_JOB
from customer360_assets.deliveries.log import DeliveryLog
from customer360_assets.feeds.spec import FeedSpec
from customer360_assets.planning.materializations import made
from customer360_assets.planning.outlook import Outlook, automated_tables
from resources.deployment.deployment import Deployment
from resources.wiring.deployed import resources_of

OPEN = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


class Planner:
    """Compares a deployment's deliveries with the record of what was made from them.

    takes_in: whether files were being taken in when the outlook of the tick was made.
    """

    def __init__(self, deployment: Deployment, feeds: Mapping[str, FeedSpec]) -> None:
        self.deployment, self.feeds = deployment, feeds
        self.takes_in = False
        self._view: weakref.ref[object] | None = None
        self._outlook: Outlook | None = None

    @cached_property
    def log(self) -> DeliveryLog:
        """The deployment's deliveries."""
        outside = dg.build_init_resource_context()
        resources = resources_of(self.deployment)
        landing, archive, ledger = (
            resources[name].create_resource(outside) for name in ("landing", "archive", "ledger")
        )
        return DeliveryLog.of(self.deployment, landing, archive, ledger)

    def outlook(self, context: dg.AutomationContext[dg.AssetKey]) -> Outlook:
        """Return the outlook of the tick that evaluates a condition."""
        view = context.asset_graph_view
        if self._outlook is None or self._view is None or self._view() is not view:
            # Before the deliveries: an intake that ends in between is waited for once too often.
            intakes = dg.RunsFilter(job_name=INTAKE_JOB, statuses=OPEN)
            self.takes_in = view.instance.get_runs_count(intakes) > 0
            seen = Outlook(
                self.log.versions(),
                {table: made(view.instance, table) for table in automated_tables()},
                context.evaluation_time.date(),
                frozenset(f for f, s in self.feeds.items() if s.business_date.source == "run"),
            )
            # An outlook that is as it was keeps what was worked out from it.
            self._outlook = self._outlook if seen == self._outlook else seen
            self._view = weakref.ref(view)
        return self._outlook
