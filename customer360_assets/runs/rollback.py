"""Undoing a publication: readers see an earlier snapshot again, and Dagster's record says so."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import dagster as dg

from customer360_assets.contracts import SCHEMAS, contracts
from customer360_assets.contracts import contract as contract_of
from customer360_assets.planning.holds import record_rollback, undone_versions
from customer360_assets.planning.outstanding import SERVING
from customer360_assets.planning.versions import (
    METADATA_KEY,
    NOTHING,
    PROFILE,
    SERVING_CODE,
    combine,
    recorded_versions,
)
from customer360_assets.tables.specs import asset_key
from resources.account.errors import AwsError
from resources.dagster_internals import BulkActionsFilter, BulkActionStatus
from resources.protocols.errors import ExplainedError
from resources.protocols.lake import Lake, LakeError, MissingTableError, Snapshot
from resources.protocols.profile_store import ProfileStore, ProfileStoreError


class RollbackError(ExplainedError, ValueError):
    """The rollback cannot be done; nothing was changed."""


@dataclass(frozen=True)
class Undone:
    """One table that was rolled back: the dates that are as they were before, and its rows now."""

    table: str
    was: Snapshot
    now: Snapshot
    dates: tuple[dt.date, ...]


@dataclass(frozen=True)
class Rollback:
    """The tables that were rolled back, and the date that the profile store was loaded with."""

    undone: tuple[Undone, ...]
    served: dt.date | None


class NotServedError(Exception):
    """The tables are rolled back; the profile store could not be loaded and is still to be."""

    def __init__(self, undone: Sequence[Undone], error: Exception) -> None:
        super().__init__(str(error))
        self.undone = tuple(undone)


def snapshot_before_run(lake: Lake, table: str, run_id: str) -> Snapshot | None:
    """Return the snapshot that a run's publication replaced; None if the run made no table.

    Raises RollbackError when a later run has published, whose rows would go too.
    """
    line = _line(lake.history(table))
    mine = [i for i, snapshot in enumerate(line) if snapshot.run_id == run_id]
    if not mine:
        return None
    if newer := next((s for s in line[mine[-1] :] if s.run_id != run_id), None):
        raise RollbackError(
            f"{table}: run {newer.run_id} has published after run {run_id}; undo that one first, "
            "or name the table and a snapshot."
        )
    if mine[0] == 0:
        raise RollbackError(f"{table}: run {run_id} published its first rows; nothing was before.")
    return line[mine[0] - 1]


def undo_run(
    instance: dg.DagsterInstance, lake: Lake, store: ProfileStore, run_id: str
) -> Rollback:
    """Roll every table back that a run published; all can be, or RollbackError and none is.

    The store is loaded last. When that fails, the same call loads it though no table is left.
    """
    _refuse_while_running(instance)
    targets = {
        table: target
        for table in lake.tables()
        if (target := snapshot_before_run(lake, table, run_id)) is not None
    }
    serve = PROFILE in targets or _left_unserved(instance, lake, store, run_id)
    if not targets and not serve:
        raise RollbackError(f"No table has a snapshot of run {run_id}.")
    undone = [_to(instance, lake, table, target) for table, target in sorted(targets.items())]
    return _finish(instance, lake, store, undone, serve=serve)


def undo_to(
    instance: dg.DagsterInstance, lake: Lake, store: ProfileStore, table: str, snapshot_id: int
) -> Rollback:
    """Make a snapshot of a table's history the current one."""
    _refuse_while_running(instance)
    try:
        history = lake.history(table)
    except MissingTableError as error:
        raise RollbackError(str(error)) from None
    found = next((s for s in history if s.snapshot_id == snapshot_id), None)
    if found is None:
        raise RollbackError(f"{table} has no snapshot {snapshot_id}.")
    if not found.current:
        undone = [_to(instance, lake, table, found)]
        return _finish(instance, lake, store, undone, serve=table == PROFILE)
    if table != PROFILE or _shown(instance, lake, store):
        raise RollbackError(f"{table} is at snapshot {snapshot_id} already.")
    return _finish(instance, lake, store, [], serve=True)


def _finish(
    instance: dg.DagsterInstance,
    lake: Lake,
    store: ProfileStore,
    undone: Sequence[Undone],
    *,
    serve: bool,
) -> Rollback:
    try:
        served = _serve(instance, lake, store) if serve else None
    except (sqlite3.Error, OSError, AwsError, LakeError, ProfileStoreError) as error:
        raise NotServedError(undone, error) from error
    return Rollback(tuple(undone), served)


def _to(instance: dg.DagsterInstance, lake: Lake, table: str, target: Snapshot) -> Undone:
    was = _current(lake, table)
    dates: list[dt.date] = []
    if _is_asset(table) and contract_of(table).partitioned:
        recorded = instance.get_materialized_partitions(asset_key(table))
        days = sorted({*lake.dates(table), *map(dt.date.fromisoformat, recorded)})
        dates = list(_changed(lake, table, was.snapshot_id, target.snapshot_id, days))
        undone, to = undone_versions(instance, table), _named(target)
        # Before the lake: killed in between, the same command goes on from here.
        for date in dates:
            version = _version(instance, lake, table, target, date)
            record_rollback(instance, table, date, version, to, undone.get(date))
    lake.rollback(table, target.snapshot_id)
    return Undone(table, was, target, tuple(dates))


def _serve(instance: dg.DagsterInstance, lake: Lake, store: ProfileStore) -> dt.date | None:
    """Load the profile store with what the profile shows now, even if that is an older date.

    Returns the date; None if there is nothing to serve, or nothing was ever served.
    """
    served = store.current()
    date = lake.newest(PROFILE, served.business_date) if served else None
    if served is None or date is None:
        return None
    target = _current(lake, PROFILE)
    rows, expected = lake.batches(PROFILE, date, date), lake.dates(PROFILE, date, date)[date]
    store.load(date, str(target.run_id), rows, expected=expected, rollback=True)
    to = _named(target)
    # After the store: what it does not serve yet is outstanding.
    if date != served.business_date:
        undone = undone_versions(instance, SERVING).get(served.business_date)
        record_rollback(instance, SERVING, served.business_date, NOTHING, to, undone)
    record_rollback(instance, SERVING, date, _serving_version(instance, date), to)
    return date


def _left_unserved(
    instance: dg.DagsterInstance, lake: Lake, store: ProfileStore, run_id: str
) -> bool:
    """Return whether a run's profile was undone before, and the store still serves another."""
    try:
        published = any(s.run_id == run_id for s in lake.history(PROFILE))
    except MissingTableError:
        return False
    return published and not _shown(instance, lake, store, run_id)


def _shown(
    instance: dg.DagsterInstance, lake: Lake, store: ProfileStore, undone: str | None = None
) -> bool:
    """Return whether the store serves what the profile shows, not what an undone run loaded."""
    served = store.current()
    date = lake.newest(PROFILE, served.business_date) if served else None
    if served is None or date is None:
        return True
    recorded = recorded_versions(instance, SERVING).get(date)
    as_recorded = recorded == _serving_version(instance, date)
    return date == served.business_date and served.version != undone and as_recorded


def _serving_version(instance: dg.DagsterInstance, date: dt.date) -> str:
    version = recorded_versions(instance, PROFILE).get(date, NOTHING)
    return combine(SERVING_CODE, [(PROFILE, date, version)])


def _named(snapshot: Snapshot) -> str:
    return f"snapshot {snapshot.snapshot_id} of run {snapshot.run_id}"


def _current(lake: Lake, table: str) -> Snapshot:
    return next(s for s in lake.history(table) if s.current)


def _version(
    instance: dg.DagsterInstance, lake: Lake, table: str, target: Snapshot, date: dt.date
) -> str:
    """Return the recorded version of a date in a snapshot; NOTHING if it had no rows."""
    if not lake.files(table, date, date, snapshot_id=target.snapshot_id):
        return NOTHING
    maker = _maker(lake, table, target, date)
    records = instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=asset_key(table), asset_partitions=[date.isoformat()]),
        limit=1000,
    ).records
    for record in records:
        event = record.asset_materialization
        if record.run_id == maker.run_id and event and METADATA_KEY in event.metadata:
            return str(event.metadata[METADATA_KEY].value)
    # An unknown version equals no expected one: the date is outstanding, as after a lost record.
    return f"snapshot {maker.snapshot_id}"


def _maker(lake: Lake, table: str, target: Snapshot, date: dt.date) -> Snapshot:
    """Return the snapshot that first held what the target holds of a date."""
    line = _line(lake.history(table), target)
    files = lake.files(table, date, date, snapshot_id=target.snapshot_id)
    maker = target
    for snapshot in reversed(line[:-1]):
        if lake.files(table, date, date, snapshot_id=snapshot.snapshot_id) != files:
            break
        maker = snapshot
    return maker


def _line(history: Sequence[Snapshot], newest: Snapshot | None = None) -> list[Snapshot]:
    """Return the ancestors of a snapshot (by default the current one), oldest first."""
    known: dict[int | None, Snapshot] = {s.snapshot_id: s for s in history}
    step = newest or next((s for s in history if s.current), None)
    line: list[Snapshot] = []
    while step is not None:
        line.append(step)
        step = known.get(step.parent_id)
    return line[::-1]


def _changed(
    lake: Lake, table: str, one: int, other: int, days: Sequence[dt.date]
) -> Iterator[dt.date]:
    """Yield the dates whose files differ between two snapshots, found by bisection."""
    if not days:
        return
    first, last = days[0], days[-1]
    files = [lake.files(table, first, last, snapshot_id=s) for s in (one, other)]
    if list(files[0]) == list(files[1]):
        return
    if len(days) == 1:
        yield first
        return
    middle = len(days) // 2
    yield from _changed(lake, table, one, other, days[:middle])
    yield from _changed(lake, table, one, other, days[middle:])


def _is_asset(table: str) -> bool:
    tables = {c.table for schema in SCHEMAS if schema != "quarantine" for c in contracts(schema)}
    return table in tables


def _refuse_while_running(instance: dg.DagsterInstance) -> None:
    status = dg.DagsterRunStatus
    # A queued one begins as soon as there is a slot, and would build upon what is undone.
    active = [status.QUEUED, status.STARTING, status.STARTED, status.CANCELING]
    if running := instance.get_runs(dg.RunsFilter(statuses=active)):
        more = f" and {len(running) - 1} more" if len(running) > 1 else ""
        state = "is queued" if running[0].status is status.QUEUED else "is in progress"
        raise RollbackError(
            f"Run {running[0].run_id}{more} {state} and may publish meanwhile: end it first."
        )
    # Between two of its runs a backfill has none that is active.
    going_on = [BulkActionStatus.REQUESTED, BulkActionStatus.CANCELING, BulkActionStatus.FAILING]
    if backfills := instance.get_backfills(filters=BulkActionsFilter(statuses=going_on)):
        raise RollbackError(
            f"Backfill {backfills[0].backfill_id} is in progress and may publish meanwhile: cancel "
            "it on its own page (Runs, Backfills) and wait until it is shown as canceled; the "
            "daemon ends it."
        )
