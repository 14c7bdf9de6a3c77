"""What the deliveries in force hold for a span of business dates."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Set
from dataclasses import dataclass, field

from customer360_assets.deliveries.feed_deliveries import FeedDeliveries
from customer360_assets.tables.partitions import Span


@dataclass
class Holdings:
    """Counts of a span: rows by date, quarantined records by rule, deliveries that gave either.

    set_aside: values that are null in their rows, by rule. What is in quarantine counts on the
    business date of its delivery, as in the quarantine table.
    """

    rows: Counter[dt.date] = field(default_factory=Counter)
    quarantined: Counter[str] = field(default_factory=Counter)
    set_aside: Counter[str] = field(default_factory=Counter)
    deliveries: int = 0

    @property
    def loaded(self) -> int:
        """Rows of all dates."""
        return self.rows.total()


def holdings_of(
    deliveries: FeedDeliveries | None, span: Span, without: Set[dt.date] = frozenset()
) -> Holdings:
    """Return the holdings of a feed in a span, `without` some of its dates.

    None for a feed that the deployment does not have.
    """
    holdings = Holdings()
    if deliveries is None:
        return holdings
    counted = set(span.dates) - without
    in_force = {
        (date, entry.own)
        for date, entries in deliveries.effective.dates.items()
        if date in counted
        for entry in entries
    }
    for entry in deliveries.entries:
        parsed = entry.parsed
        if parsed is None or deliveries.effective.status[entry.own] != "loaded":
            continue
        mine = {
            date: records for date, records in parsed.rows.items() if (date, entry.own) in in_force
        }
        own = parsed.business_date
        within = own in counted
        holdings.rows.update(mine)
        if within:
            holdings.quarantined.update(parsed.quarantined)
            holdings.set_aside.update(parsed.set_aside)
        holdings.deliveries += bool(mine or (within and parsed.in_quarantine))
    return holdings
