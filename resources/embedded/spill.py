"""Where a DuckDB spills to: a folder that no other one has, swept when its process is gone.

DuckDB names its files alike in every process: two that spill into one folder read each other's
rows without an error.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from itertools import count
from pathlib import Path
from typing import IO

_NUMBERS = count(1)
_LOCKS: list[IO[str]] = []
"""Open for as long as the process lives: the system gives the locks back, however it ends."""


def spill_folder(parent: Path) -> Path:
    """Return a folder below the parent for one DuckDB, which creates it when it spills."""
    return _of_process(parent.absolute(), os.getpid()) / str(next(_NUMBERS))


@contextmanager
def work_folder(parent: Path) -> Iterator[Path]:
    """Yield a temporary folder below the parent; that of a killed process is swept by the next."""
    folder = spill_folder(parent)
    # Scratch may have been deleted since the process began.
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@cache
def _of_process(parent: Path, _pid: int) -> Path:
    """Return this process's folder. The pid is a parameter, since a fork has its parent's cache."""
    parent.mkdir(parents=True, exist_ok=True)
    sweep(parent)
    while True:
        folder = parent / uuid.uuid4().hex
        lock = folder.with_suffix(".lock").open("w")
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Another process's sweep may have taken the file between its creation and the lock.
        if folder.with_suffix(".lock").exists():
            break
        lock.close()
    folder.mkdir()
    _LOCKS.append(lock)
    atexit.register(_remove, folder)
    return folder


def sweep(parent: Path) -> None:
    """Remove what killed processes have left below the parent."""
    for file in sorted(parent.glob("*.lock")):
        with suppress(OSError), file.open("r") as lock:
            # Refused while the process that holds it lives.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove(file.with_suffix(""))


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.with_suffix(".lock").unlink(missing_ok=True)
