"""Files that have come to rest: what is still being uploaded is waited for, and never taken."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from resources.protocols.landing import LandedFile

SHORTEST = 0.1
"""Seconds between two looks at least: by two clocks a file may lack a part of a microsecond."""
LONGEST = 600.0
"""Seconds that an intake waits at most: a file that goes on changing is left for the next one."""


class AtRest:
    """Whole files: those that have not changed for some seconds; older ones are whole at once.

    A file's own times show its age. Where they do not (another machine's clock is ahead), it is
    whole when it was seen in one state for as long, by a clock that nobody sets.
    """

    def __init__(
        self,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._seconds, self._clock, self._sleep = seconds, clock, sleep
        self._seen: dict[str, tuple[str, float]] = {}

    def is_whole(self, file: LandedFile) -> bool:
        """Return True if the file has rested long enough in the state that it is in."""
        return self._missing(file) <= 0

    def wait(
        self, shown: Callable[[], Iterable[LandedFile]], report: Callable[[str], None]
    ) -> None:
        """Wait until all files are whole, ten minutes at most. `shown` lists them anew."""
        end = self._clock() + LONGEST
        while young := {f.key: more for f in shown() if (more := self._missing(f)) > 0}:
            left = end - self._clock()
            if left <= 0:
                return
            report(_sentence(list(young)))
            self._sleep(max(SHORTEST, min(left, max(young.values()))))

    def _missing(self, file: LandedFile) -> float:
        """Return the seconds that a file has to rest yet."""
        if file.rested >= self._seconds:
            return 0.0
        now = self._clock()
        state, since = self._seen.get(file.key, ("", now))
        if state != file.state:
            since = now
            self._seen[file.key] = file.state, now
        return self._seconds - max(file.rested, now - since)


def _sentence(files: list[str]) -> str:
    others = f" and {len(files) - 1} other files" if len(files) > 1 else ""
    return f"Waiting for {files[0]}{others} to be complete"
