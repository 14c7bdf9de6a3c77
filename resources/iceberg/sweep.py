"""Housekeeping of a table's history and of what killed runs left behind."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from resources.iceberg.addresses import path_of
from resources.iceberg.commit import transaction
from resources.iceberg.files import entries_of
from resources.protocols.lake_types import LakeError

if TYPE_CHECKING:
    from pyiceberg.table import Table
    from pyiceberg.table.snapshots import Snapshot


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the table alone among publishers and sweepers of this machine, in turn.

    Without turns, a writer that is slower than its competitor loses every commit. The lock of
    a killed process is gone with it. Readers take none.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def shown(table: "Table", snapshots: list["Snapshot"]) -> set[str]:
    """The data files that any of these snapshots shows."""
    # Snapshots share most manifests: each is read once.
    manifests = {manifest for snapshot in snapshots for manifest in snapshot.manifests(table.io)}
    found = entries_of(table, manifests)
    return {entry.data_file.file_path for entries in found.values() for entry in entries}


def expire(table: "Table", keep_last: int, orphaned: Callable[[set[str]], None]) -> list[int]:
    """Forget all but the newest snapshots, never the current one; the ids forgotten.

    orphaned: called before that with the files that no snapshot will show any more.
    """
    from resources.iceberg.pyiceberg_internals import ExpireSnapshots

    if keep_last < 1:
        raise LakeError("keep_last counts snapshots from 1")
    current = table.current_snapshot()
    newest = sorted(table.snapshots(), key=lambda snapshot: snapshot.sequence_number or 0)
    old = [snapshot for snapshot in newest[:-keep_last] if snapshot != current]
    if old:
        kept = [snapshot for snapshot in table.snapshots() if snapshot not in old]
        # A reader may have planned on these: their age as orphans counts from here.
        orphaned(shown(table, old) - shown(table, kept))
        with transaction(table) as forget:
            ExpireSnapshots(forget).by_ids([snapshot.snapshot_id for snapshot in old]).commit()
    return [snapshot.snapshot_id for snapshot in old]


def remove_orphans(table: "Table", folder: Path, older_than: datetime, keys: str = "") -> list[str]:
    """Delete old files under the table's candidates that no snapshot shows; their paths.

    keys: how the keys of the candidates begin.
    """
    if older_than.tzinfo is None:
        raise LakeError("older_than needs a time zone")
    known = {path_of(file) for file in shown(table, table.snapshots())}
    limit = older_than.timestamp()
    removed = []
    found = [walked for top in _candidates(folder, keys) for walked in os.walk(top, topdown=False)]
    for parent, _, names in found:
        # Read before its files go, which would make it look new.
        aged = Path(parent).stat().st_mtime < limit
        for path in (Path(parent) / name for name in sorted(names)):
            if str(path) not in known and path.lstat().st_mtime < limit:
                path.unlink()
                removed.append(str(path))
        if aged and parent != str(folder):
            with suppress(OSError):  # Not empty, so it is in use.
                Path(parent).rmdir()
    return sorted(removed)


def _candidates(folder: Path, keys: str) -> list[Path]:
    return sorted(p for p in folder.glob(f"{keys}*") if p.is_dir()) if keys else [folder]
