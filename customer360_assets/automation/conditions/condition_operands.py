"""The operands of the automation conditions: each says one thing of a table's business dates."""

from __future__ import annotations

import datetime as dt
import json
from abc import abstractmethod
from collections.abc import Iterable

import dagster as dg

from customer360_assets.automation.conditions.planner import Planner
from customer360_assets.automation.schedule.cadence import cadence_of, deadline, expects
from customer360_assets.contracts import contract as contract_of
from customer360_assets.planning.holds import RELEASE
from customer360_assets.planning.outlook import Outlook, reads_of
from customer360_assets.planning.versions import PROFILE, in_force
from customer360_assets.tables.specs import asset_key

Context = dg.AutomationContext[dg.AssetKey]
Result = dg.AutomationResult[dg.AssetKey]


class Operand(dg.AutomationCondition[dg.AssetKey]):
    """A label that the UI shows, and the dates that it is true of."""

    def __init__(self, planner: Planner, table: str, label: str) -> None:
        self.planner, self.table, self.label = planner, table, label

    def get_label(self) -> str:
        """Return the label."""
        return self.label

    @property
    def name(self) -> str:
        """The label, which also distinguishes this operand from its siblings."""
        return self.label

    @property
    def description(self) -> str:
        """The label."""
        return self.label

    @abstractmethod
    def dates(self, context: Context, outlook: Outlook) -> Iterable[dt.date]:
        """Return the dates for which the condition is true."""

    def state(self) -> str | None:
        """Return the state for the next evaluation."""
        return None

    def evaluate(self, context: Context) -> Result:
        """Return the dates among the candidates for which the condition is true."""
        found = self.dates(context, self.planner.outlook(context))
        keys = {date.isoformat() for date in found}
        subset = context.candidate_subset.compute_intersection_with_partition_keys(
            keys & context.candidate_subset.expensively_compute_partition_keys() if keys else set()
        )
        return dg.AutomationResult(context, subset, cursor=self.state())


class Outstanding(Operand):
    """The partition is not what its deliveries, inputs and code would give now."""

    def dates(self, context: Context, outlook: Outlook) -> Iterable[dt.date]:
        """Return the dates that are due."""
        for date in outlook.held_dates(self.table):
            context.log.info(
                f"{self.table} {date} was rolled back and is held: {RELEASE} releases it."
            )
        return outlook.due[self.table]


class Waits(Operand):
    """A date that the table reads of one upstream table is outstanding, and in no common run."""

    def __init__(self, planner: Planner, table: str, upstream: str) -> None:
        super().__init__(planner, table, f"{upstream} is outstanding on a date that it reads")
        self.upstream = upstream

    def dates(self, context: Context, outlook: Outlook) -> Iterable[dt.date]:
        """Yield the dates that wait."""
        requested = context.request_subsets_by_key.get(asset_key(self.upstream))
        together = requested.expensively_compute_partition_keys() if requested else set()
        for key in sorted(context.candidate_subset.expensively_compute_partition_keys()):
            date = dt.date.fromisoformat(key)
            missing = outlook.waits_for(self.table, date, self.upstream)
            # What is requested for the same date shares the run, where it comes first.
            if missing and not (missing == [date] and key in together):
                names = ", ".join(map(str, missing))
                context.log.info(
                    f"{self.table} {key} waits for {self.upstream} of {names},"
                    " which is outstanding."
                )
                yield date


class NotDelivered(Operand):
    """A feed of daily records has not delivered for a date, and still has time to."""

    def __init__(self, planner: Planner, table: str, feed: str) -> None:
        label = f"the delivery of {feed} for the date may still come"
        super().__init__(planner, table, label)
        self.feed = feed

    def dates(self, context: Context, outlook: Outlook) -> Iterable[dt.date]:
        """Yield the dates that wait; one that was published before is not held again."""
        seen = sorted(in_force(outlook.raw.get(self.feed, {})))
        cadence = cadence_of(contract_of(f"raw.{self.feed}"), self.planner.feeds)
        for key in sorted(context.candidate_subset.expensively_compute_partition_keys()):
            date = dt.date.fromisoformat(key)
            until = deadline(date)
            if (
                date not in seen
                and date not in outlook.made[PROFILE]
                and context.evaluation_time < until
                and expects(seen, cadence, date)
            ):
                context.log.info(
                    f"{self.table} {key} waits for a delivery of {self.feed} for this date,"
                    f" until {until:%Y-%m-%d %H:%M} UTC; then it is made without one."
                )
                yield date


NEVER_BEGAN = 10
"""Runs of a date in a row whose process did not begin, after which it counts as tried."""


class Tried(Operand):
    """The date was requested with these same inputs before, and was not made."""

    def dates(self, context: Context, outlook: Outlook) -> Iterable[dt.date]:
        """Yield the dates that are not requested again."""
        known = json.loads(context.cursor or '{"asked": {}, "tried": {}}')
        before = context.get_previous_requested_subset(context.key)
        asked = before.expensively_compute_partition_keys() if before else set()
        tried = known["tried"] | {k: s for k, s in known["asked"].items() if k in asked}
        due = {d.isoformat(): v for d, v in outlook.due[self.table].items()}
        now = {key: [version, self._newest(outlook, key)] for key, version in due.items()}
        lost: dict[str, list[str]] = {}
        self._state = {
            "asked": now,
            "tried": {k: s for k, s in tried.items() if k in due},
            "lost": lost,
        }
        for key, (version, newest) in self._state["tried"].items():
            attempt = self._attempt(context, key)
            if attempt is not None and not _began(context, attempt):
                lost[key] = list(dict.fromkeys([*known.get("lost", {}).get(key, ()), attempt]))
                if len(lost[key]) < NEVER_BEGAN:
                    continue
            if version == due[key] and not self._renewed(attempt, outlook, key, newest):
                context.log.info(
                    f"{self.table} {key} failed with these inputs: re-execute its"
                    " run, or correct what it was made from."
                )
                yield dt.date.fromisoformat(key)

    def state(self) -> str:
        """Return the dates that were due now and those tried before."""
        return json.dumps(self._state)

    def _newest(self, outlook: Outlook, key: str) -> int:
        found = outlook.newest_input(self.table, dt.date.fromisoformat(key))
        return found[0][0] if found else 0

    def _attempt(self, context: Context, key: str) -> str | None:
        """Return the id of the newest run that was to make the date; None before the first."""
        events = context.asset_graph_view.instance.event_log_storage
        attempt = events.get_latest_planned_materialization_info(context.key, key)
        return attempt.run_id if attempt else None

    def _renewed(self, attempt: str | None, outlook: Outlook, key: str, newest: int) -> bool:
        """Return whether another run than the failed one has made an input since."""
        date = dt.date.fromisoformat(key)
        since = {run for event, run in outlook.newest_input(self.table, date) if event > newest}
        return bool(since) and (attempt is None or bool(since - {attempt}))


def _began(context: Context, run_id: str) -> bool:
    """Return False for a failed run whose process never began: its inputs were not tried.

    The machine was too busy to start it, or was stopped first.
    """
    record = context.asset_graph_view.instance.get_run_record_by_id(run_id)
    if record is None or record.dagster_run.status is not dg.DagsterRunStatus.FAILURE:
        return True
    return record.start_time is not None


def waits(planner: Planner, table: str) -> list[dg.AutomationCondition[dg.AssetKey]]:
    """Return one condition per upstream table, so that the UI names the one that blocks."""
    return [
        Waits(planner, table, upstream)
        for upstream in reads_of(table)
        if upstream != "raw.delivery"
    ]
