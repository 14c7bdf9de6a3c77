"""What a feed's sensor knows between two ticks: files that came and are not taken in yet.

A file that was taken in is not kept here: the archive remembers it, for the command line too. So
what is kept is bounded by what is under way, whatever the landing zone holds.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Literal

from resources.clock import ClockReading
from resources.protocols.landing import LandedFile

Outcome = Literal["under way", "done", "failed"]
"""What became of a run that was asked for; one that is nowhere on record has failed."""


@dataclass(frozen=True)
class Rules:
    """How files are watched; times in seconds.

    settle: how long a file stays as it is before it counts as whole. budget: how long a tick may
    list. sweep_every: pause between two listings of everything. per_run: files of one run, an
    eighth of it at each further attempt, so that one bad file holds up no others. most_open: files
    on watch at once; others are seen when these are done. first_wait, longest_wait: before a file
    of a failed run is asked for again; the wait doubles.
    """

    settle: float = 10
    budget: float = 15
    sweep_every: float = 0
    per_run: int = 500
    most_open: int = 1000
    first_wait: float = 60
    longest_wait: float = 3600

    def every(self, seconds: float) -> Rules:
        """Return the rules with another pause between two full listings."""
        return replace(self, sweep_every=seconds)


@dataclass
class Watched:
    """A file on watch: its state, since when it has it, and what was asked for.

    asked: it is part of the run under way. attempt: how often a run over it has failed; `since` is
    then the moment from which it may be asked for again.
    """

    state: str
    since: ClockReading
    asked: bool = False
    attempt: int = 0


@dataclass
class Arrivals:
    """All that one sensor keeps.

    run: the run key of the run under way. after: where the listing goes on, empty for its start.
    swept: when the last listing of everything ended. failures: ticks in a row whose listing
    failed. handled: receipts of notifications whose files are on watch.
    """

    files: dict[str, Watched] = field(default_factory=dict)
    run: str = ""
    after: str = ""
    swept: ClockReading | None = None
    failures: int = 0
    handled: list[str] = field(default_factory=list)

    @classmethod
    def from_cursor(cls, cursor: str | None) -> Arrivals:
        """Return what `to_cursor` stored; empty if there is no cursor."""
        kept = json.loads(cursor or "{}")
        files = {
            key: Watched(**{**entry, "since": ClockReading(*entry["since"])})
            for key, entry in kept.pop("files", {}).items()
        }
        swept = kept.pop("swept", None)
        return cls(files=files, swept=swept and ClockReading(*swept), **kept)

    def to_cursor(self) -> str:
        """Return the state as JSON."""
        return json.dumps(asdict(self), separators=(",", ":"))

    def see(
        self, file: LandedFile, taken: Mapping[str, str], now: ClockReading, rules: Rules
    ) -> bool:
        """Watch a file in its present state; return False if no more files can be watched."""
        known = self.files.get(file.key)
        if taken.get(file.key) == file.state:
            self.files.pop(file.key, None)
        elif known is None and len(self.files) >= rules.most_open:
            return False
        elif known is None or known.state != file.state:
            self.files[file.key] = Watched(file.state, now)
        return True

    def keep_to(self, now: ClockReading) -> None:
        """Restart the wait of files seen by another clock, since their age is unknown."""
        for file in self.files.values():
            if now.after(file.since) is None:
                file.since = now

    def forget(self, key: str) -> None:
        """Drop a file that is no more there; should it come back, it is a new one."""
        self.files.pop(key, None)

    def conclude(self, outcome: Outcome, now: ClockReading, rules: Rules) -> None:
        """Record the outcome of the run in progress."""
        if not self.run or outcome == "under way":
            return
        for key, file in list(self.files.items()):
            if file.asked and outcome == "done":
                # The archive remembers it; one that it left out is seen again, as a new file.
                del self.files[key]
            elif file.asked:
                wait = min(rules.first_wait * 2**file.attempt, rules.longest_wait)
                file.asked, file.attempt = False, file.attempt + 1
                file.since = ClockReading(now.clock, now.seconds + wait - rules.settle)
        self.run = ""

    def ripe(self, now: ClockReading, rules: Rules) -> list[str]:
        """Return the files to request next, in order; none while a run is in progress.

        They have been what they are for `settle` seconds. All have failed equally often.
        """
        if self.run:
            return []
        rested = [
            (file.attempt, key)
            for key, file in self.files.items()
            if (age := now.after(file.since)) is not None and age >= rules.settle
        ]
        rested.sort()
        attempt = rested[0][0] if rested else 0
        most = max(1, rules.per_run >> 3 * attempt)
        return [key for tries, key in rested if tries == attempt][:most]

    def ask(self, feed: str, keys: list[str]) -> tuple[str, dict[str, str]]:
        """Record that a run is requested; return its run key and the state of each of its files.

        The run key states feed, attempt, and each file with its state and its first sight: a file
        that was corrected, failed, or went and came back is another request.
        """
        asked = {key: self.files[key] for key in keys}
        parts = [(key, file.state, file.since) for key, file in asked.items()]
        digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
        attempt = max(file.attempt for file in asked.values())
        for file in asked.values():
            file.asked = True
        self.run = f"{feed}/{digest}/{attempt + 1}"
        return self.run, {key: file.state for key, file in asked.items()}
