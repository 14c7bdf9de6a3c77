"""Records that a later delivery moved to an earlier business date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from customer360_assets.deliveries.in_force import Entry
from customer360_assets.deliveries.parsing.sketch import KeySketch

ANY_KEY = KeySketch()


def movers(dates: Mapping[dt.date, Sequence[Entry]]) -> dict[dt.date, tuple[Entry, ...]]:
    """Return, by business date, the later deliveries that may move a record away from it.

    dates: the deliveries in force by date. A delivery moves a record when it came after one that
    has the record's key on a later date, and brings the key for an earlier one. Deliveries that
    come in the order of their dates move nothing, and cost nothing here.
    """
    brings: dict[str, list[dt.date]] = {}
    entries: dict[str, Entry] = {}
    for date in sorted(dates):
        for entry in dates[date]:
            brings.setdefault(entry.own, []).append(date)
            entries[entry.own] = entry
    late = _late(entries, brings)
    found = {}
    for date, effective in dates.items():
        mine = [
            entry
            for entry in late
            if brings[entry.own][0] < date
            and any(_may_move(entry, old, date, brings[entry.own]) for old in effective)
        ]
        if mine:
            found[date] = tuple(mine)
    return found


def _late(entries: Mapping[str, Entry], brings: Mapping[str, Sequence[dt.date]]) -> list[Entry]:
    """Return the deliveries that bring a date before one that was there already."""
    late, newest = [], dt.date.min
    for entry in sorted(entries.values(), key=lambda e: e.delivery.seq):
        # What was not parsed yet moves nothing yet: the dates depend on it once it is.
        if entry.parsed is not None and brings[entry.own][0] < newest:
            late.append(entry)
        newest = max(newest, brings[entry.own][-1])
    return late


def _may_move(entry: Entry, old: Entry, date: dt.date, brings: Sequence[dt.date]) -> bool:
    if old.delivery.seq >= entry.delivery.seq:
        return False
    there = _sketch(old, date)
    return any(_sketch(entry, earlier).may_share(there) for earlier in brings if earlier < date)


def _sketch(entry: Entry, date: dt.date) -> KeySketch:
    return entry.parsed.keys.get(date, ANY_KEY) if entry.parsed else ANY_KEY
