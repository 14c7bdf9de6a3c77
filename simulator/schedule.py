"""Which file is delivered when, and what is wrong with it as a whole."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from simulator.defects import FILE_KINDS, draw
from simulator.settings import Settings

FOLDERS = {
    "account": "account", "disposition": "gbank", "card": "card", "ga_session": "ga",
    "web_visitor_map": "visitors",
}  # fmt: skip
PREFIXES = {"account": "account00", "disposition": "account00", "card": "card00"}
UNTOUCHED_AT_THE_END = 2
"""Newest deliveries of a feed that stay sound as files: the bank can be read as of its last day."""


@dataclass(frozen=True)
class Delivery:
    """One file: of a delta its days [from_day_no, to_day_no], of a snapshot all until the last."""

    feed: str
    target: str
    business_date: date
    arrives_on: date
    from_day_no: int
    to_day_no: int
    defect: str | None = None

    @property
    def folder(self) -> str:
        """The folder of the feed in the landing zone."""
        return FOLDERS[self.feed]


def stamped(feed: str, seed: int, day: date, *, again: bool = False) -> str:
    """A file name of the mainframe, written at the end of the day; again a few minutes later."""
    digest = hashlib.sha256(f"{seed}:{feed}:{day}:{again}".encode()).digest()
    clock = f"23{50 + 5 * again + digest[0] % 5:02d}{digest[1] % 60:02d}"
    return f"{FOLDERS[feed]}/{PREFIXES[feed]}{day:%Y%m%d}-{clock}.csv"


def _days(last: int, every: int) -> list[int]:
    return sorted({*range(0, last + 1, every), last})


def _sound(settings: Settings) -> Iterator[Delivery]:
    last = settings.days - 1
    for feed, every in (
        ("account", settings.snapshot_every),
        ("disposition", settings.snapshot_every),
        ("card", settings.cards_every),
    ):
        before = -1
        for day_no in _days(last, every):
            day = settings.day(day_no)
            name = stamped(feed, settings.seed, day)
            yield Delivery(feed, name, day, day, before + 1, day_no)
            before = day_no
    for day_no in range(settings.days):
        day = settings.day(day_no)
        name = f"{FOLDERS['ga_session']}/ga_sessions_{day:%Y%m%d}.json"
        yield Delivery("ga_session", name, day, day, day_no, day_no)
    first = settings.first_day
    name = f"{FOLDERS['web_visitor_map']}/ga_visitors.csv"
    # Its one name says no date: a corrected map always comes under the name of the earlier one.
    defect = "corrected" if settings.defects.corrected else None
    yield Delivery("web_visitor_map", name, first, first, 0, last, defect)


def schedule(settings: Settings) -> list[Delivery]:
    """Every delivery, some with a defect of the whole file; the first of a feed has none."""
    deliveries = list(_sound(settings))
    for feed, kinds in FILE_KINDS.items():
        own = [i for i, d in enumerate(deliveries) if d.feed == feed]
        free = own[1 : len(own) - UNTOUCHED_AT_THE_END]
        for kind in kinds:
            share = getattr(settings.defects, kind)
            for i in draw(settings.seed, feed, kind, free, share):
                free.remove(i)
                deliveries[i], *more = _spoilt(deliveries[i], kind, settings.seed)
                deliveries.extend(more)
    return deliveries


def _spoilt(delivery: Delivery, kind: str, seed: int) -> list[Delivery]:
    delay = timedelta(days=2 if kind == "late_delivery" else 0)
    spoilt = replace(delivery, defect=kind, arrives_on=delivery.arrives_on + delay)
    if (delivery.feed, kind) != ("card", "html"):
        return [spoilt]
    # Issued cards are sent once: what the page stood for comes again the day after.
    day = delivery.business_date + timedelta(days=1)
    name = stamped("card", seed, day)
    return [spoilt, replace(delivery, target=name, business_date=day, arrives_on=day)]
