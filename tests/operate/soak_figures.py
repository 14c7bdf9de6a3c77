"""Figures of a soak: memory of a process tree, sizes of folders, lags of dates."""

from __future__ import annotations

import datetime as dt
import os
import statistics
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

SAMPLE_SECONDS = 1.0
MIB = 1 << 20
PARTS = ("lake", "archive", "dagster")


@dataclass
class Figures:
    """What was measured. lags: seconds by date; sizes: bytes of each part of the home by date."""

    lags: dict[dt.date, float] = field(default_factory=dict)
    sizes: dict[dt.date, Mapping[str, int]] = field(default_factory=dict)
    refused: list[dt.date] = field(default_factory=list)
    """Dates whose delivery lost too many keys; they were published once it was corrected."""
    peak: int = 0
    """Bytes, resident, of all processes together."""

    def lines(self) -> list[str]:
        """Return the figures as sentences."""
        lags = sorted(self.lags.values())
        first, *_, last = self.sizes
        lines = [
            f"dates: {len(self.sizes)}, of which {len(self.refused)} waited for a correction",
            f"lag from settled file to profile: median {statistics.median(lags):.0f} s,"
            f" maximum {lags[-1]:.0f} s",
            f"peak resident memory of the process tree: {self.peak / MIB:,.0f} MiB",
        ]
        for part in PARTS:
            begun, ended = self.sizes[first][part], self.sizes[last][part]
            each = (ended - begun) / (len(self.sizes) - 1)
            lines.append(
                f"{part}: {begun / MIB:,.1f} MiB after {first}, {ended / MIB:,.1f} MiB after"
                f" {last}, {each / MIB:,.2f} MiB a date"
            )
        return lines

    def measure_sizes(self, home: Path, date: dt.date) -> None:
        """Record how large the home is after a date."""
        self.sizes[date] = {part: size_of(home / part) for part in PARTS}

    @contextmanager
    def watching(self, session: int) -> Iterator[None]:
        """Record the peak memory of a session's processes until the block ends."""
        over = threading.Event()

        def watch() -> None:
            while not over.wait(SAMPLE_SECONDS):
                self.peak = max(self.peak, resident(session))

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()


def size_of(folder: Path) -> int:
    """Return the bytes of all files under a folder; one that is deleted meanwhile has none."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                total += Path(path, name).lstat().st_size
            except FileNotFoundError:
                continue
    return total


def resident(session: int) -> int:
    """Return the resident bytes of a session's processes; shared pages count once for each."""
    total = 0
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            # The name, in brackets, may hold anything.
            state = (process / "stat").read_text().rpartition(")")[2].split()
            if int(state[3]) == session:
                total += int((process / "statm").read_text().split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total * os.sysconf("SC_PAGE_SIZE")
