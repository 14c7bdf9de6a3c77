"""What is in force, told slowly: the state after each delivery, everything compared with all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from customer360_assets.raw.force import Entry, Force


def plain_fold(entries: Sequence[Entry], replaces: Literal["same_date", "same_name"]) -> Force:
    """Return the expected result of `in_force`, by a plain loop."""
    force = Force()
    standing: list[Entry] = []
    """Deliveries that nothing has replaced, duplicates included, in order of arrival."""
    for entry in entries:
        if entry.refused is not None:
            force.status[entry.own] = "refused"
        elif replaces == "same_name":
            standing = _after_name(force, standing, entry)
        else:
            standing = _after_date(force, standing, entry)
    return force


def _after_name(force: Force, standing: list[Entry], entry: Entry) -> list[Entry]:
    known = set(force.dates) | entry.dates
    for old in standing:
        if old.name == entry.name:
            force.status[old.own], force.by[old.own] = "superseded", entry.own
    standing = [*(old for old in standing if old.name != entry.name), entry]
    loaded: list[Entry] = []
    for one in standing:
        twins = [other for other in loaded if other.content == one.content]
        force.by.pop(one.own, None)
        force.status[one.own] = "duplicate" if twins else "loaded"
        if twins:
            force.by[one.own] = twins[0].own
        else:
            loaded.append(one)
    force.dates = {date: [one for one in loaded if date in one.dates] for date in known}
    return standing


def _after_date(force: Force, live: list[Entry], entry: Entry) -> list[Entry]:
    def left(one: Entry) -> int:
        return sum(one in standing for standing in force.dates.values())

    for old in live:
        other_name = old.delivery.file != entry.delivery.file
        if old.content == entry.content and other_name and left(old) == len(old.dates):
            force.status[entry.own], force.by[entry.own] = "duplicate", old.own
            return live
    for date in entry.dates:
        force.dates[date] = [entry]
    corrected = [
        old
        for old in live
        if old.parsed is None and old.delivery.business_date is None
        if entry.parsed is not None and old.delivery.file == entry.delivery.file
    ]
    gone = [old for old in live if old in corrected or (old.dates and not left(old))]
    for old in gone:
        force.status[old.own], force.by[old.own] = "superseded", entry.own
    force.status[entry.own] = "loaded"
    return [*(old for old in live if old not in gone), entry]
