"""The homes of a soak: one whose UI runs and is watched from outside, and what differs in two."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path

import dagster as dg
import duckdb

from customer360_assets.automation.conditions.per_layer import SENSOR
from customer360_assets.automation.conditions.planner import OPEN
from customer360_assets.deliveries.log import DeliveryLog
from customer360_assets.planning.outstanding import PROFILE, outstanding
from customer360_assets.publishing.platform import Platform
from resources.deployment.deployment import Deployment, deployment
from resources.wiring.deployed import services_of
from tests.operate.soak_bank import HISTORY, Drop

COMPLETENESS = "completeness"
EVALUATIONS = 4
SETTLE = 10.0
"""Seconds for which a file must not have changed; what a home has that states no other."""


def new_home(root: Path, feeds: Path, first: dt.date) -> Deployment:
    """Make a home with its own landing zone, for a bank whose first published date this is."""
    (root / "landing").mkdir(parents=True)
    made = deployment(root / "home", landing=root / "landing", feeds=str(feeds))
    made = made.model_copy(update={"first_business_date": first - dt.timedelta(days=HISTORY)})
    made.save()
    return made


def log_of(target: Deployment) -> DeliveryLog:
    """Return the deliveries of a home."""
    platform = Platform(**services_of(target))
    return DeliveryLog.of(target, platform.landing, platform.archive, platform.ledger)


def deliver(target: Deployment, drop: Drop) -> set[tuple[str, str]]:
    """Write the files of a date into a home's landing zone; return name and SHA-256 of each."""
    assert target.landing is not None
    return set(drop.into(target.landing).items())


class Soaked:
    """A home whose UI runs: what reached it, and what its files and Dagster's record show."""

    def __init__(self, target: Deployment, instance: dg.DagsterInstance) -> None:
        self.target, self.instance, self.log = target, instance, log_of(target)
        self.dropped: set[tuple[str, str]] = set()
        self.dropped_at = 0.0

    def drop(self, drop: Drop) -> float:
        """Deliver, and return when the last file counts as settled."""
        self.dropped |= deliver(self.target, drop)
        self.dropped_at = time.time()
        return self.dropped_at + SETTLE

    def waits_for(self, date: dt.date) -> str | None:
        """Return what is not done up to a date; None once all is published."""
        if self.instance.get_runs_count(dg.RunsFilter(statuses=OPEN)):
            return "a run is queued or in progress"
        listed = {(row["file"], row["sha256"]) for row in self.log.manifest()}
        if missing := self.dropped - listed:
            return f"not taken in: {sorted(name for name, _ in missing)}"
        batches = outstanding(self.instance, self.log.versions(), date)
        return f"outstanding: {batches}" if batches else None

    def refused(self) -> set[str]:
        """Return the tables that no run makes until their source corrects what it delivered.

        They lost too many keys in the newest run that failed since the last files were dropped, and
        the conditions were evaluated often enough since its end to have asked for another.
        """
        failed = dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE])
        records = self.instance.get_run_records(failed, limit=1)
        if not records or (records[0].start_time or 0.0) < self.dropped_at:
            return set()
        if self._evaluations_since(records[0].end_time) < EVALUATIONS:
            return set()
        of = records[0].dagster_run.run_id
        evaluated = self.instance.all_logs(of, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
        checks = [e.dagster_event.asset_check_evaluation_data for e in evaluated if e.dagster_event]
        return {
            ".".join(check.asset_key.path)
            for check in checks
            if check.check_name == COMPLETENESS and not check.passed
        }

    def _evaluations_since(self, end: float | None) -> int:
        (automation,) = (
            state
            for state in self.instance.all_instigator_state()
            if state.instigator_name == SENSOR
        )
        ids = automation.instigator_origin_id, automation.selector_id
        return len(self.instance.get_ticks(*ids, after=end)) if end is not None else 0

    def published_at(self, date: dt.date) -> float:
        """Return when the profile of a date was made last."""
        asked = dg.AssetRecordsFilter(
            asset_key=dg.AssetKey(PROFILE.split(".")), asset_partitions=[date.isoformat()]
        )
        (newest,) = self.instance.fetch_materializations(asked, limit=1).records
        return newest.timestamp


def differences(ours: Deployment, theirs: Deployment) -> dict[str, tuple[int, int]]:
    """Return per table that differs how many rows stand in each home alone."""
    lakes = [services_of(target)["lake"] for target in (ours, theirs)]
    found = {}
    for table in sorted({t for lake in lakes for t in lake.tables()}):
        left, right = ([str(f) for f in lake.files(table)] for lake in lakes)
        alone = (_alone(left, right), _alone(right, left))
        if alone != (0, 0):
            found[table] = alone
    return found


def _alone(files: list[str], others: list[str]) -> int:
    read = "SELECT * FROM read_parquet(?, hive_partitioning = false)"
    if not files:
        return 0
    beside = f" EXCEPT ALL {read}" if others else ""
    query = f"SELECT count(*) FROM ({read}{beside})"
    with duckdb.connect() as db:
        (count,) = db.execute(query, [files, others] if others else [files]).fetchall()[0]
        return int(count)
