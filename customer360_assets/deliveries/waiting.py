"""Which business dates wait for deliveries that are not parsed, and what is said of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from customer360_assets.deliveries.feed_deliveries import FeedDeliveries
from customer360_assets.deliveries.in_force import Entry
from customer360_assets.deliveries.parsing.failures import ParseFailuresError
from customer360_assets.publishing.checks.results import Finding

CHECK = "unparsed_files"


@dataclass(frozen=True)
class Waiting:
    """What deliveries that are not parsed may touch.

    dates: the dates of their names or runs, those that an earlier parse of them had, and, where
    records state the date, those of earlier deliveries of the same file. anywhere: the records of
    one may be of any date, because they state it and were never read.
    """

    dates: frozenset[dt.date] = frozenset()
    anywhere: bool = False

    @property
    def first(self) -> dt.date | None:
        """The first date that may be touched; None if there is none."""
        return dt.date.min if self.anywhere else min(self.dates, default=None)


def waiting(deliveries: FeedDeliveries) -> Waiting:
    """Return the dates that wait for the outstanding deliveries of a feed."""
    left = {delivery.delivery_id for delivery in deliveries.outstanding}
    unparsed = [entry for entry in deliveries.entries if entry.own in left]
    undated = [entry for entry in unparsed if entry.delivery.business_date is None]
    names = {entry.delivery.file: entry.delivery.seq for entry in undated}
    before = (e for e in deliveries.entries if e.delivery.seq <= names.get(e.delivery.file, 0))
    return Waiting(
        frozenset(_dates([*unparsed, *before])), any(not entry.earlier for entry in undated)
    )


def complete_before(feeds: Iterable[FeedDeliveries]) -> dt.date:
    """Return the first date that an outstanding delivery of any feed may touch."""
    firsts = (waiting(deliveries).first for deliveries in feeds)
    return min((first for first in firsts if first is not None), default=dt.date.max)


def _dates(entries: Iterable[Entry]) -> Iterator[dt.date]:
    for entry in entries:
        yield from entry.dates
        for earlier in entry.earlier:
            yield from earlier.rows


def unparsed_finding(deliveries: FeedDeliveries | None, kept: Iterable[dt.date]) -> Finding:
    """Name the deliveries that could not be parsed, and the dates that stay as they were."""
    if deliveries is None or not deliveries.failures:
        return Finding(CHECK, True, "Every delivery was parsed.", {})
    sentence = f"{ParseFailuresError(deliveries.failures)}."
    if dates := ", ".join(map(str, sorted(kept))):
        sentence += f" Kept as they were: {dates}."
    if waiting(deliveries).anywhere:
        sentence += " Their records may be of any date, and are in none."
    return Finding(CHECK, False, sentence, {"unparsed": len(deliveries.failures)})


def intake_finding(failure: Exception | None) -> Finding:
    """Name what an intake could not read or parse."""
    sentence = str(failure) if failure else "Every file could be read and parsed."
    return Finding(CHECK, failure is None, sentence, {})
