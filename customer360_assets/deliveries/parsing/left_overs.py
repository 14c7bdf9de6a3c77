"""What a killed run leaves of the deliveries that it was parsing: decoded records among them."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

DRAFTS = ("partial", "scratch")
"""How the folders of a delivery end that is being parsed: its result, and its decoded text."""
SPILL = ".spill"


@contextmanager
def alone(folder: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold a feed's parse lock, left-overs removed; the system frees it with the process.

    Raises BlockingIOError if another process holds it and `wait` is False.
    """
    with (folder / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        for pattern in (SPILL, *(f".*.{draft}" for draft in DRAFTS)):
            for left in folder.glob(pattern):
                shutil.rmtree(left, ignore_errors=True)
        yield


def clear_left_overs(lake_dir: Path) -> None:
    """Delete what killed runs have left of every feed; one that is being parsed is left alone."""
    for folder in sorted(lake_dir.glob("raw/*/data")):
        with suppress(BlockingIOError), alone(folder, wait=False):
            pass
