"""Writes the deliveries of the bank's files, and the record of what is wrong with them."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby
from pathlib import Path

from simulator.defects import CODE_COLUMNS, fate, row_bounds
from simulator.engine import Engine, sql
from simulator.file_defects import SPOIL, again
from simulator.schedule import Delivery, schedule, stamped
from simulator.settings import Settings

LANDING = "landing"
REDELIVERIES = "redeliveries"
SESSIONS_PER_SPAN = 100_000


def write_deliveries(engine: Engine, settings: Settings, out: Path) -> int:
    """Write every delivery under `out`; return how many files there are."""
    engine.script("deliveries/macros", "deliveries/spoil")
    writer = _Writer(engine, settings, out)
    deliveries = sorted(schedule(settings), key=lambda d: d.feed)
    for feed, own in groupby(deliveries, key=lambda d: d.feed):
        for batch in _batches(feed, list(own), settings):
            writer.write(feed, batch)
    writer.close()
    return len(writer.deliveries)


def _batches(feed: str, own: list[Delivery], settings: Settings) -> Iterator[list[Delivery]]:
    """Deliveries whose lines are made at once: days of sessions share nothing, so they may."""
    size = 1
    if feed == "ga_session":
        sessions_a_day = settings.customers * settings.sessions_per_customer / settings.days
        size = max(1, int(SESSIONS_PER_SPAN // max(1, sessions_a_day)))
    for start in range(0, len(own), size):
        yield own[start : start + size]


class _Writer:
    def __init__(self, engine: Engine, settings: Settings, out: Path) -> None:
        self.engine, self.settings, self.out = engine, settings, out
        self.deliveries: list[list[object]] = []
        self.defects: list[list[object]] = []
        self.lines: dict[int, int] = {}
        self.earlier_lines: dict[int, int] = {}

    def write(self, feed: str, batch: list[Delivery]) -> None:
        """Write deliveries of a feed with all that is wrong with them."""
        self._make_lines(feed, batch)
        for delivery in batch:
            if not self.lines.get(delivery.to_day_no):
                continue  # A day without new cards or visits has no file.
            if delivery.defect == "missing":
                self._record_file_defect(delivery, delivery.target)
                continue
            path = self.out / LANDING / delivery.target
            self.engine.set(day_no=delivery.to_day_no)
            self.engine.text(sql("deliveries/file"), path)
            self._spoil(delivery, path)

    def _make_lines(self, feed: str, batch: list[Delivery]) -> None:
        kinds, bounds = row_bounds(feed, self.settings.defects)
        # Nobody looks into a file that is refused whole: what its rows hold would never be caught.
        unseen = [d.to_day_no for d in batch if d.defect and fate(feed, d.defect).expected in
                  ("refused", "absent")]  # fmt: skip
        self.engine.set(
            feed=feed,
            from_day_no=batch[0].from_day_no,
            to_day_no=batch[-1].to_day_no,
            row_kinds=kinds,
            row_bounds=bounds,
            unseen_days=unseen,
            targets={d.to_day_no: d.target for d in batch},
            code_at=CODE_COLUMNS.get(feed, (0, ""))[0],
        )
        if feed == "ga_session":
            self.engine.run(f"CREATE OR REPLACE TEMP TABLE ga_line AS {sql('ga_sessions')}")
        self.engine.run(f"CREATE OR REPLACE TEMP VIEW record AS {sql(f'deliveries/{feed}')}")
        self.engine.script("deliveries/lines")
        counts = self.engine.rows(sql("deliveries/line_count"))
        self.lines = {day_no: lines for day_no, lines, _ in counts}
        self.earlier_lines = {day_no: earlier for day_no, _, earlier in counts}

    def _spoil(self, delivery: Delivery, path: Path) -> None:
        name = f"{LANDING}/{delivery.target}"
        match delivery.defect:
            case None:
                self._record(delivery, name, "loaded")
            case "corrected":
                earlier = f"{REDELIVERIES}/{delivery.target}"
                self.engine.text(sql("deliveries/earlier_file"), self.out / earlier)
                fewer = self.earlier_lines[delivery.to_day_no]
                self._record(delivery, earlier, "superseded", lines=fewer)
                self._record(delivery, name, "loaded", days_later=1)
                self._record_file_defect(delivery, earlier)
            case "redelivered":
                day = delivery.business_date
                other = stamped(delivery.feed, self.settings.seed, day, again=True)
                again(path, self.out / LANDING / other)
                self._record(delivery, name, "loaded")
                self._record(delivery, f"{LANDING}/{other}", "duplicate", target=other)
                self._record_file_defect(delivery, other)
            case kind:
                if kind in SPOIL:
                    SPOIL[kind](path)
                self._record(delivery, name, fate(delivery.feed, kind).expected)
                self._record_file_defect(delivery, delivery.target)

    def _record(
        self,
        delivery: Delivery,
        source: str,
        expected: str,
        *,
        target: str | None = None,
        lines: int | None = None,
        days_later: int = 0,
    ) -> None:
        if lines is None:
            lines = self.lines[delivery.to_day_no]
        arrives_on = delivery.arrives_on + timedelta(days=days_later)
        self.deliveries.append(
            [delivery.feed, source, target or delivery.target, delivery.business_date, arrives_on,
             lines, expected]
        )  # fmt: skip

    def _record_file_defect(self, delivery: Delivery, file: str) -> None:
        self.defects.append([delivery.feed, file, None, delivery.defect])

    def close(self) -> None:
        """Record what was delivered."""
        self.engine.insert("delivery", self.deliveries)
        self.engine.insert("defect", self.defects)
