"""Readings of a clock that nobody sets: how long a file has rested must not depend on dates."""

from __future__ import annotations

import time
import uuid
from functools import cache
from pathlib import Path
from typing import NamedTuple

BOOT = Path("/proc/sys/kernel/random/boot_id")


class ClockReading(NamedTuple):
    """Seconds on the clock that runs since a machine's start, and which start that was."""

    clock: str
    seconds: float

    def after(self, earlier: ClockReading) -> float | None:
        """Return the seconds since an earlier moment; None if it is of another clock."""
        return self.seconds - earlier.seconds if self.clock == earlier.clock else None


def now() -> ClockReading:
    """Return the present moment."""
    return ClockReading(_clock(), round(time.monotonic(), 3))


@cache
def _clock() -> str:
    # Where the machine's start has no name, the clock is good for this process alone.
    return BOOT.read_text(encoding="ascii").strip() if BOOT.exists() else str(uuid.uuid4())
