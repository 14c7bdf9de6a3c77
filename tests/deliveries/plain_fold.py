"""What is in force, computed slowly: the state after each delivery, all compared with all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from customer360_assets.deliveries.in_force import Entry, InForce


def plain_fold(entries: Sequence[Entry], replaces: Literal["same_date", "same_name"]) -> InForce:
    """Return the expected result of `in_force`, by a plain loop."""
    state = InForce()
    effective: list[Entry] = []
    """Deliveries that nothing has replaced, duplicates included, in order of arrival."""
    for entry in entries:
        if entry.refused is not None:
            state.status[entry.own] = "refused"
        elif replaces == "same_name":
            effective = _after_name(state, effective, entry)
        else:
            effective = _after_date(state, effective, entry)
    return state


def _after_name(state: InForce, effective: list[Entry], entry: Entry) -> list[Entry]:
    known = set(state.dates) | entry.dates
    for old in effective:
        if old.name == entry.name:
            state.status[old.own], state.by[old.own] = "superseded", entry.own
    effective = [*(old for old in effective if old.name != entry.name), entry]
    loaded: list[Entry] = []
    for one in effective:
        twins = [other for other in loaded if other.content == one.content]
        state.by.pop(one.own, None)
        state.status[one.own] = "duplicate" if twins else "loaded"
        if twins:
            state.by[one.own] = twins[0].own
        else:
            loaded.append(one)
    state.dates = {date: [one for one in loaded if date in one.dates] for date in known}
    return effective


def _after_date(state: InForce, live: list[Entry], entry: Entry) -> list[Entry]:
    def left(one: Entry) -> int:
        return sum(one in effective for effective in state.dates.values())

    for old in live:
        other_name = old.delivery.file != entry.delivery.file
        if old.content == entry.content and other_name and left(old) == len(old.dates):
            state.status[entry.own], state.by[entry.own] = "duplicate", old.own
            return live
    for date in entry.dates:
        state.dates[date] = [entry]
    corrected = [
        old
        for old in live
        if old.parsed is None and old.delivery.business_date is None
        if entry.parsed is not None and old.delivery.file == entry.delivery.file
    ]
    gone = [old for old in live if old in corrected or (old.dates and not left(old))]
    for old in gone:
        state.status[old.own], state.by[old.own] = "superseded", entry.own
    state.status[entry.own] = "loaded"
    return [*(old for old in live if old not in gone), entry]
