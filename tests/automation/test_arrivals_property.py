"""Every stable version of a file is taken in exactly once, and none while it is being written.

Histories are invented: files of one second, out of order, rewritten, deleted, written slowly;
listings that fail or end early; runs that fail, are killed half-way or get lost; ticks that are
lost with their cursor; clocks that are set, machines that start again.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customer360_assets.automation.arrivals.cursor import Arrivals, Outcome, Rules
from customer360_assets.automation.arrivals.watch import Watch
from customer360_assets.deliveries.intake.take_in import taken_states
from customer360_assets.feeds.loader import load_feeds
from tests.automation.landing_world import ListingError, MemoryArchive, MemoryLedger, World
from tests.deliveries.taking import take_in_only

HISTORIES = 500
MANY = 5_000
SPEC = load_feeds("workshop")["card"]
TODAY = dt.date(2024, 5, 23)
# In order of name, of which two are recent and share their prefix; not in order of arrival.
NAMES = [
    f"card/card00{day}-{n}.csv"
    for day, n in (("20200101", 1), ("20240301", 1), ("20240522", 1), ("20240522", 2),
                   ("20240523", 1), ("20991231", 1))
]  # fmt: skip
RULES = {False: Rules(settle=10), True: Rules(settle=0)}
Action = tuple[str, int, int]


@dataclass
class Run:
    """A run that was asked for: what it is to take, and what became of it."""

    files: dict[str, str]
    status: Outcome = "under way"


@dataclass
class History:
    """One sensor over one landing zone."""

    world: World
    rules: Rules
    archive: MemoryArchive = field(default_factory=MemoryArchive)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    runs: dict[str, Run] = field(default_factory=dict)
    cursor: str | None = None
    notices: list[str] = field(default_factory=list)
    amnesia: bool = False

    def act(self, action: Action) -> None:
        kind, which, amount = action
        key = NAMES[which % len(NAMES)]
        self._in_the_zone(kind, key, amount)
        self._at_the_sensor(kind, amount)

    def _in_the_zone(self, kind: str, key: str, amount: int) -> None:
        match kind:
            case "write":
                self.world.write(key, amount % 2)
                self.notices += [key] * (amount % 3 == 0)
            case "write slowly" if not self.world.objects:
                self.world.write_slowly(key, amount)
            case "delete":
                self.world.delete(key)
            case "wait":
                self.world.wait(amount)
            case "set the clock":
                self.world.step((-7200, -1, 1, 86_400)[amount % 4])
            case "start again":
                self.world.restart()
            case "listing fails":
                self.world.failing = 1 + amount % 3

    def _at_the_sensor(self, kind: str, amount: int) -> None:
        match kind:
            case "tick":
                self.tick()
            case "a quiet minute":
                for _ in range(2):
                    self.tick()
                    self.world.wait(30)
                self.tick()
            case "a busy minute":
                for _ in range(4):
                    self.tick()
                    self.run("done")
                    self.world.wait(amount)
            case "tick is lost":
                self.tick(lost=True)
            case "cursor is reset":
                self.cursor, self.amnesia = None, True
            case "run":
                self.run(("done", "done", "fails", "is killed", "fails at its end")[amount % 5])

    def tick(self, *, lost: bool = False) -> None:
        arrivals = Arrivals.from_cursor(self.cursor)
        run = self.runs.get(arrivals.run)
        arrivals.conclude(run.status if run else "failed", self.world.clock(), self.rules)
        taken = taken_states(self.ledger, SPEC.feed)
        watch = Watch(arrivals, SPEC, self.world, taken, self.world.clock, self.rules)
        ripe = watch.look(TODAY, self.notices)
        asked = arrivals.ask(SPEC.feed, ripe) if ripe else None
        assert len(arrivals.files) <= self.rules.most_open
        if lost:
            return
        self.notices = []
        self.cursor = arrivals.to_cursor()
        if asked:
            self._ask(*asked)

    def _ask(self, run_key: str, files: dict[str, str]) -> None:
        assert 0 < len(files) <= self.rules.per_run
        # As Dagster: a run key is good for one run.
        assert run_key not in self.runs or self.amnesia
        under_way = [r for r in self.runs.values() if r.status == "under way"]
        assert not under_way or self.amnesia
        known = taken_states(self.ledger, SPEC.feed)
        assert not [key for key, state in files.items() if known.get(key) == state]
        self.runs.setdefault(run_key, Run(files))

    def run(self, ends: str) -> None:
        waiting = [run for run in self.runs.values() if run.status == "under way"]
        for run in waiting[:1]:
            run.status = "done" if ends == "done" else "failed"
            if ends == "fails":
                continue
            self.ledger.forgetful = ends == "is killed"
            try:
                self._take_in(run)
            except ListingError:
                run.status = "failed"
            except KeyboardInterrupt:
                assert ends == "is killed"

    def _take_in(self, run: Run) -> None:
        taken = take_in_only(
            self.world, self.archive, self.ledger, {SPEC.feed: SPEC}, TODAY, run.files
        ).taken
        for receipt in taken:
            whole = self.world.complete.get(receipt.file, [])
            assert self.archive.contents[receipt.sha256] in whole, "taken while it was written"

    def finish(self) -> None:
        """Bring everything to rest: writers end, the zone answers, runs succeed."""
        self.world.failing = 0
        for turn in range(120):
            # Writers take two minutes at most, failed runs are asked for again within an hour.
            self.world.wait(40 if turn < 20 else 600)
            self.tick()
            self.run("done")
            if not self.missing() and not Arrivals.from_cursor(self.cursor).files:
                return

    def missing(self) -> list[str]:
        newest = {r.file: self.archive.contents[r.sha256] for r in self.ledger.kept}
        return [key for key, file in self.world.files.items() if newest.get(key) != file.content]

    def check(self) -> None:
        assert self.missing() == []
        times = Counter(receipt.sha256 for receipt in self.ledger.kept)
        assert set(times.values()) <= {1}
        # All is known to be taken: nothing would be asked for again.
        before = len(self.runs)
        for _ in range(5):
            self.world.wait(40)
            self.tick()
        assert len(self.runs) == before
        assert Arrivals.from_cursor(self.cursor).files == {}


KINDS = {
    "write": 8, "write slowly": 4, "delete": 1, "wait": 4, "set the clock": 1, "start again": 1,
    "listing fails": 1, "tick": 4, "a quiet minute": 4, "a busy minute": 3, "tick is lost": 1,
    "cursor is reset": 1, "run": 6,
}  # fmt: skip
ACTIONS = st.tuples(
    st.sampled_from([kind for kind, weight in KINDS.items() for _ in range(weight)]),
    st.integers(0, 5),
    st.integers(1, 20),
)
seen: Counter[str] = Counter()


def live_through(objects: bool, limits: tuple[int, int, int], actions: list[Action]) -> None:
    """Live one history through, to its end."""
    per_run, most_open, budget = limits
    rules = RULES[objects]
    history = History(
        World(objects),
        Rules(rules.settle, budget, 120 * (budget % 2), per_run, most_open),
    )
    for action in actions:
        history.act(action)
    history.finish()
    history.check()
    seen["histories"] += 1
    seen["deliveries"] += len(history.ledger.kept)
    seen["runs"] += len(history.runs)
    seen["failed runs"] += sum(run.status == "failed" for run in history.runs.values())


LIMITS = st.tuples(st.sampled_from([1, 3, 500]), st.sampled_from([2, 1000]), st.integers(1, 4))
HISTORY = (st.booleans(), LIMITS, st.lists(ACTIONS, min_size=20, max_size=80))
CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=HISTORIES, deadline=None, suppress_health_check=CHECKS, database=None)
@given(*HISTORY)
def _histories(objects: bool, limits: tuple[int, int, int], actions: list[Action]) -> None:
    live_through(objects, limits, actions)


@settings(parent=_histories._hypothesis_internal_use_settings, max_examples=MANY)
@given(*HISTORY)
def _many_histories(objects: bool, limits: tuple[int, int, int], actions: list[Action]) -> None:
    live_through(objects, limits, actions)


def _count(record_property: pytest.RecordProperty) -> None:
    for name, number in seen.items():
        record_property(name, number)


@pytest.mark.slow
def test_every_stable_version_is_taken_once(record_property: pytest.RecordProperty) -> None:
    seen.clear()
    _histories()
    _count(record_property)
    # The histories are about something: files are taken, and runs fail.
    assert seen["histories"] >= HISTORIES
    assert seen["deliveries"] > 3 * HISTORIES
    assert seen["failed runs"] > HISTORIES / 4


@pytest.mark.slow
def test_every_stable_version_is_taken_once_in_many_histories(
    record_property: pytest.RecordProperty,
) -> None:
    seen.clear()
    _many_histories()
    _count(record_property)
    assert seen["histories"] >= MANY
