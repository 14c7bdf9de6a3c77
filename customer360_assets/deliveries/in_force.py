"""Which deliveries make which partition: a fold over the deliveries in order of arrival."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from customer360_assets.deliveries.parsing.delivery import Delivery
from customer360_assets.deliveries.parsing.parsed import Parsed

Status = Literal["loaded", "superseded", "duplicate", "refused"]


@dataclass(frozen=True)
class Entry:
    """A delivery, what it holds under the present specification, and under earlier ones."""

    delivery: Delivery
    parsed: Parsed | None = None
    earlier: tuple[Parsed, ...] = ()

    @property
    def own(self) -> str:
        """The delivery's id."""
        return self.delivery.delivery_id

    @property
    def name(self) -> tuple[str, dt.date | None]:
        """Return the identity of its redeliveries: file, and date where name or run state one."""
        return self.delivery.file, self.delivery.business_date

    @property
    def content(self) -> tuple[str, dt.date | None]:
        """Return the identity of its duplicates."""
        return self.delivery.sha256, self.delivery.business_date

    @property
    def refused(self) -> str | None:
        """Return why it has no rows, None when it may have."""
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
class InForce:
    """The deliveries in force by business date, in order of arrival; the status of each by id.

    by: the delivery that superseded another, or that a duplicate repeats.
    """

    dates: dict[dt.date, list[Entry]] = field(default_factory=dict)
    status: dict[str, Status] = field(default_factory=dict)
    by: dict[str, str] = field(default_factory=dict)

    def supersede(self, old: Entry, new: Entry) -> None:
        """Record that a delivery has replaced another."""
        self.status[old.own], self.by[old.own] = "superseded", new.own

    def repeat(self, entry: Entry, twin: Entry) -> None:
        """Record that a delivery has the bytes of another that is in force."""
        self.status[entry.own], self.by[entry.own] = "duplicate", twin.own


def in_force_of(entries: Sequence[Entry], replaces: Literal["same_date", "same_name"]) -> InForce:
    """Return what is in force. The newest delivery wins, also when it repeats older bytes.

    same_date: it replaces all of its date. same_name: it replaces the earlier file of its name (and
    date, where the name or the run states one); other files of the date add up. A refused delivery
    replaces nothing. The same bytes under another name are a duplicate of those in force; when the
    file that they repeat is corrected, they come into force themselves.
    """
    state = InForce()
    arrived = []
    for entry in entries:
        if entry.refused is None:
            arrived.append(entry)
        else:
            state.status[entry.own] = "refused"
    if replaces == "same_name":
        _by_name(arrived, state)
    else:
        _by_date(arrived, state)
    return state


def _by_name(arrived: Sequence[Entry], state: InForce) -> None:
    """Set the newest delivery of each name in force; of those with the same bytes, the first."""
    newest: dict[tuple[str, dt.date | None], Entry] = {}
    for entry in arrived:
        # Taken out first, so that the names stay in the order in which their newest file arrived.
        if (old := newest.pop(entry.name, None)) is not None:
            state.supersede(old, entry)
        newest[entry.name] = entry
    first: dict[tuple[str, dt.date | None], Entry] = {}
    for entry in newest.values():
        if (twin := first.setdefault(entry.content, entry)) is not entry:
            state.repeat(entry, twin)
        else:
            state.status[entry.own] = "loaded"
    for entry in arrived:
        for date in entry.dates:
            # A date that nothing makes any more is known anyway: it has to be emptied.
            entries = state.dates.setdefault(date, [])
            if state.status[entry.own] == "loaded":
                entries.append(entry)


def _by_date(arrived: Sequence[Entry], state: InForce) -> None:
    """Set the newest delivery of each date in force.

    A duplicate needs no second look when what it repeats is replaced: it is older than that, too.
    """
    live: defaultdict[tuple[str, dt.date | None], dict[str, Entry]] = defaultdict(dict)
    unread: defaultdict[str, list[Entry]] = defaultdict(list)
    # On how many dates a delivery is in force, and how many it has.
    stands: dict[str, int] = {}
    has: dict[str, int] = {}

    def replace(old: Entry, new: Entry) -> None:
        state.supersede(old, new)
        del live[old.content][old.own]

    for entry in arrived:
        delivery, dates = entry.delivery, entry.dates
        for twin in live[entry.content].values():
            if twin.delivery.file != delivery.file and stands[twin.own] == has[twin.own]:
                state.repeat(entry, twin)
                break
        else:
            for date in dates:
                for old in state.dates.get(date, ()):
                    stands[old.own] -= 1
                    if not stands[old.own]:
                        replace(old, entry)
                state.dates[date] = [entry]
            if entry.parsed is not None:
                # Nobody knows its dates, nor has to: its correction was read.
                for old in unread.pop(delivery.file, ()):
                    replace(old, entry)
            elif delivery.business_date is None:
                unread[delivery.file].append(entry)
            live[entry.content][entry.own] = entry
            stands[entry.own] = has[entry.own] = len(dates)
            state.status[entry.own] = "loaded"
