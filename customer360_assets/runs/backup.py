"""A consistent copy of a home while runs go on, and a copied or moved home made usable."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from resources.deployment.deployment import Deployment, change_settings, settings_lock
from resources.deployment.whereabouts import (
    PlaceError,
    place_of,
    record_place,
    refuse_unusable,
)
from resources.embedded.opened import open_lake
from resources.files.private import make_private
from resources.files.sqlite_files import connect
from resources.iceberg.addresses import path_of
from resources.iceberg.relocate import CATALOG, Move, missing_files, relocate

OF_A_PROCESS = ("-wal", "-shm", "-journal", ".lock")
"""Files beside a database that mean nothing without the processes that hold them."""
IN_ORDER = ("dagster", "serving", "lake", "archive")
"""What refers to something is copied before it: a record of a run that the copy lacks is made
again, a record of one that it has and should not is not. Of the archive the ledger comes first."""
LEFT_OUT = {"scratch", "dagster/leases", "archive/incoming"}


def back_up(source: Deployment, target: Path) -> None:
    """Copy a home into a new folder; PlaceError if it cannot be there or is not whole."""
    home = source.home
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise PlaceError(f"{target} already exists. Use a new folder for --to.")
    if any(target.is_relative_to(taken) for taken in (home, source.landing) if taken):
        raise PlaceError(f"{target} is within the home or its landing folder. Use another --to.")
    draft = target.with_name(f".{target.name}.partial")
    shutil.rmtree(draft, ignore_errors=True)
    make_private(draft)
    for room in IN_ORDER:
        if room == "lake":
            _copy_catalog(source, draft)
        _copy(home, draft, home / room)
    _copy(home, draft, home)
    if (draft / "lake" / CATALOG).exists():
        _refuse_lost(draft, Move(home, draft))
    # An empty folder of the name may be there.
    draft.replace(target)


def restore(home: Path) -> Path | None:
    """Make a copied or moved home usable; return where it was made, None if it is still there.

    If it is killed, it can be repeated.
    """
    refuse_unusable(home, None)
    made = place_of(home)
    if made is None or made == home:
        return None
    move = Move(made, home)
    change_settings(home, move)
    with settings_lock(home):
        if (home / "lake" / CATALOG).exists():
            _refuse_lost(home, move)
            relocate(home / "lake", move)
        record_place(home, anew=True)
    return made


def _refuse_lost(home: Path, move: Move) -> None:
    if lost := next(missing_files(home / "lake", move), None):
        raise PlaceError(
            f"{home} is not whole: {lost} is in the catalog and not in the copy, which was made "
            "while a run wrote. Copy a home with customer360 backup, or while nothing runs."
        )


def _copy_catalog(source: Deployment, draft: Path) -> None:
    """Copy the catalog and the states that it names, of one moment for all tables."""
    catalog = source.lake_dir / CATALOG
    if not catalog.exists():
        return
    lake = open_lake(source)
    with lake.still():
        _copy_file(source.home, draft, catalog)
        with closing(connect(catalog)) as database:
            named = database.execute("SELECT metadata_location FROM iceberg_tables").fetchall()
        for (location,) in named:
            _copy_file(source.home, draft, Path(path_of(location)))


def _copy(home: Path, draft: Path, room: Path) -> None:
    for file in _files(home, room):
        _copy_file(home, draft, file)


def _files(home: Path, room: Path) -> Iterator[Path]:
    """Yield what belongs to a home below one of its folders; nothing of a process.

    By name, a folder's own files before those of the folders in it.
    """
    for folder, folders, names in os.walk(room):
        below = Path(folder)
        folders[:] = sorted(
            n
            for n in folders
            if not n.startswith(".") and (below / n).relative_to(home).as_posix() not in LEFT_OUT
        )
        for name in sorted(names):
            file = below / name
            if not name.startswith(".") and not name.endswith(OF_A_PROCESS) and file.is_file():
                yield file


def _copy_file(home: Path, draft: Path, file: Path) -> None:
    target = draft / file.relative_to(home)
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        if file.suffix == ".db":
            with closing(connect(file)) as live, closing(sqlite3.connect(target)) as kept:
                live.backup(kept)
        else:
            shutil.copy2(file, target)
        # A home of an earlier release has files that everybody may read.
        target.chmod(target.stat().st_mode & 0o700)
    except FileNotFoundError:
        # Deleted meanwhile: what the catalog names is looked for at the end.
        target.unlink(missing_ok=True)
