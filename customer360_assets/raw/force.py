"""Which deliveries make which partition: a fold over the deliveries in order of arrival."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from customer360_assets.raw.parse import Delivery
from customer360_assets.raw.parsed import Parsed

Status = Literal["loaded", "superseded", "duplicate", "refused"]


@dataclass(frozen=True)
class Entry:
    """A delivery, what it holds under the present specification, and under earlier ones."""

    delivery: Delivery
    parsed: Parsed | None = None
    earlier: tuple[Parsed, ...] = ()

    @property
    def refused(self) -> str | None:
        """Why it has no rows, None when it may have."""
        if self.delivery.refused is not None:
            return self.delivery.refused
        return self.parsed.reason if self.parsed and self.parsed.status == "refused" else None

    @property
    def dates(self) -> frozenset[dt.date]:
        """The business dates that it delivers; none yet when records state them, unparsed."""
        if self.delivery.business_date is not None:
            return frozenset({self.delivery.business_date})
        return frozenset(self.parsed.rows) if self.parsed else frozenset()


@dataclass
class Force:
    """The deliveries in force by business date, in order of arrival; the status of each by id.

    by: the delivery that superseded another, or that a duplicate repeats.
    """

    dates: dict[dt.date, list[Entry]] = field(default_factory=dict)
    status: dict[str, Status] = field(default_factory=dict)
    by: dict[str, str] = field(default_factory=dict)


def force_of(entries: Sequence[Entry], replaces: Literal["same_date", "same_name"]) -> Force:
    """Give what is in force. The newest delivery wins, also when it brings back older bytes.

    same_date: it replaces all of its date. same_name: it replaces the earlier file of its name (and
    date, where the name or the run states one); other files of the date add up. A refused delivery
    replaces nothing. The same bytes under another name are a duplicate of those in force.
    """
    force = Force()
    live: list[Entry] = []
    for entry in entries:
        own = entry.delivery.delivery_id
        if entry.refused is not None:
            force.status[own] = "refused"
            continue
        twin = next((old for old in live if _repeats(entry, old, force)), None)
        if twin is not None:
            force.status[own], force.by[own] = "duplicate", twin.delivery.delivery_id
            continue
        gone = [old for old in live if replaces == "same_name" and _same_name(entry, old)]
        for date, standing in force.dates.items():
            replaced = replaces == "same_date" and date in entry.dates
            force.dates[date] = [] if replaced else [e for e in standing if e not in gone]
        for date in entry.dates:
            force.dates.setdefault(date, []).append(entry)
        gone += [old for old in live if old.dates and not _stands(old, force)]
        for old in gone:
            force.status[old.delivery.delivery_id] = "superseded"
            force.by[old.delivery.delivery_id] = own
        live = [*(old for old in live if old not in gone), entry]
        force.status[own] = "loaded"
    return force


def _repeats(entry: Entry, old: Entry, force: Force) -> bool:
    new, was = entry.delivery, old.delivery
    same = (new.sha256, new.business_date) == (was.sha256, was.business_date)
    whole = all(old in force.dates.get(date, ()) for date in old.dates)
    return same and new.file != was.file and whole


def _same_name(entry: Entry, old: Entry) -> bool:
    new, was = entry.delivery, old.delivery
    return (new.file, new.business_date) == (was.file, was.business_date)


def _stands(entry: Entry, force: Force) -> bool:
    return any(entry in force.dates.get(date, ()) for date in entry.dates)
