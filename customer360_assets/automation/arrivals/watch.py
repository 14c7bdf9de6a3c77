"""One look of a feed's sensor at the landing zone: as much as a tick has time for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import takewhile

from customer360_assets.automation.arrivals.cursor import Arrivals, Rules
from customer360_assets.feeds.spec import FeedSpec
from resources.clock import ClockReading
from resources.protocols.landing import LandedFile, Landing

OVERLAP = 7
"""Business dates back whose files are looked at in every tick, while the rest takes its turn."""


@dataclass
class Watch:
    """What one tick of a feed's sensor works with.

    taken: the state in which each file was taken in. looked_at: files seen in this tick. problem:
    why the landing zone could not be read to the end, if so; what was read until then counts.
    """

    arrivals: Arrivals
    spec: FeedSpec
    landing: Landing
    taken: Mapping[str, str]
    clock: Callable[[], ClockReading]
    rules: Rules
    looked_at: set[str] = field(default_factory=set)
    problem: str | None = None
    _until: float = 0

    def look(self, today: dt.date, notified: Iterable[str] = ()) -> list[str]:
        """Update the watched files; return those that a run may be requested for, in order."""
        self.arrivals.keep_to(self.clock())
        self._allow_time()
        try:
            for key in notified:
                self._cover(key, "")
            self._list(today)
        # Whatever the landing zone failed with, the next tick goes on from where this one stopped.
        except Exception as error:
            self._note(error)
        # Their own time: a long listing must not keep what it found from being asked for.
        self._allow_time()
        confirmed = [key for key in self._ripe() if self._confirmed(key)]
        self.arrivals.failures = self.arrivals.failures + 1 if self.problem else 0
        # Those that were looked at just now may have changed, and then have to rest again.
        ripe = set(self._ripe())
        return [key for key in confirmed if key in ripe]

    def _ripe(self) -> list[str]:
        return self.arrivals.ripe(self.clock(), self.rules)

    def _confirmed(self, key: str) -> bool:
        """Check a file that this tick's listing did not reach; return False if over the budget."""
        if key not in self.looked_at:
            if self._is_late():
                return False
            try:
                self._look_at(key)
            except Exception as error:
                self._note(error)
                return False
        return True

    def _allow_time(self) -> None:
        self._until = self.clock().seconds + self.rules.budget

    def _is_late(self) -> bool:
        return self.clock().seconds >= self._until

    def _note(self, error: Exception) -> None:
        self.problem = f"{type(error).__name__}: {error}"

    def _look_at(self, key: str) -> None:
        file = self.landing.state(key)
        if file is None:
            self.arrivals.forget(key)
        else:
            self._see(file)

    def _see(self, file: LandedFile) -> bool:
        self.looked_at.add(file.key)
        return self.arrivals.see(file, self.taken, self.clock(), self.rules)

    def _list(self, today: dt.date) -> None:
        arrivals = self.arrivals
        rested = arrivals.swept and self.clock().after(arrivals.swept)
        due = rested is None or rested >= self.rules.sweep_every
        if arrivals.after:
            for prefix in recent_prefixes(self.spec, today):
                self._cover(prefix, "")
        if (arrivals.after or due) and self._cover("", arrivals.after, sweep=True):
            arrivals.after, arrivals.swept = "", self.clock()

    def _cover(self, prefix: str, after: str, *, sweep: bool = False) -> bool:
        """Read a listing, at least one page; return True if its end was reached."""
        at = after
        pages = self.landing.pages(self.spec.folder, self.spec.pattern, prefix=prefix, after=after)
        for page in pages:
            seen = [f.key for f in takewhile(self._see, page.files)]
            whole = len(seen) == len(page.files)
            last = page.last if whole else (seen or [at])[-1]
            self._drop_missing(prefix, at, last, seen)
            at = last
            if sweep:
                self.arrivals.after = at
            if not whole or self._is_late():
                return False
        self._drop_missing(prefix, at, None, ())
        return True

    def _drop_missing(
        self, prefix: str, after: str, last: str | None, seen: Collection[str]
    ) -> None:
        listed = set(seen)
        for key in list(self.arrivals.files):
            within = key.startswith(prefix) and key > after and (last is None or key <= last)
            if within and key not in listed:
                self.arrivals.forget(key)


def recent_prefixes(spec: FeedSpec, today: dt.date) -> list[str]:
    """Return the key prefixes of the newest business dates; none if names state no date."""
    pattern = spec.business_date.pattern
    if pattern is None or "(?P<" in pattern or "**" in spec.pattern or "/" in spec.pattern:
        return []
    folder = f"{spec.folder.strip('/')}/" if spec.folder.strip("/") else ""
    dates = (today - dt.timedelta(days=n) for n in range(-1, OVERLAP))
    return [folder + _prefix(pattern, date) for date in dates if "%d" in _stem(pattern)]


def _stem(pattern: str) -> str:
    """Return a name pattern up to the first part that is neither text nor date."""
    stem = pattern.partition("*")[0]
    position = 0
    while (position := stem.find("%", position)) >= 0 and stem[position + 1] in "Ymd":
        position += 2
    return stem if position < 0 else stem[:position]


def _prefix(pattern: str, date: dt.date) -> str:
    text = _stem(pattern)
    for code, value in (("%Y", f"{date.year:04d}"), ("%m", f"{date.month:02d}")):
        text = text.replace(code, value)
    return text.replace("%d", f"{date.day:02d}")
