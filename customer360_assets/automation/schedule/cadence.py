"""When a feed is expected: from its cadence, and from the weekdays on which it delivers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from customer360_assets.contracts.contract import Contract
from customer360_assets.feeds.spec import FeedSpec

DAYS = {"daily": 1, "weekly": 7, "monthly": 31}
GRACE = dt.timedelta(hours=6)
"""A business date's delivery may come until six hours (UTC) after the date has ended."""
WEEK, WEEKS = 7, 4


def cadence_of(contract: Contract, feeds: Mapping[str, FeedSpec]) -> str:
    """Return how often a table gets new data: its feed's cadence, or its contract's."""
    spec = feeds.get(contract.feed or "")
    return spec.cadence if spec else contract.cadence


def deadline(date: dt.date) -> dt.datetime:
    """Return the time (UTC) by which the data of a business date is due."""
    ended = dt.datetime.combine(date + dt.timedelta(days=1), dt.time(), dt.UTC)
    return ended + GRACE


def expects(seen: Sequence[dt.date], cadence: str, date: dt.date) -> bool:
    """Return whether a feed that has delivered on `seen` is expected to deliver for a date.

    One that never delivered is not expected: what nobody has connected is not late.
    A daily feed that delivered on no such weekday of the four weeks up to its newest delivery is
    not expected on that weekday: a bank's weekend is no outage.
    """
    earlier = [d for d in seen if d < date]
    if not earlier or (date - earlier[-1]).days < DAYS[cadence]:
        return False
    recent = [d for d in earlier if (earlier[-1] - d).days < WEEKS * WEEK]
    # Until a whole week is on record, nothing is known about weekdays.
    if cadence != "daily" or (recent[-1] - recent[0]).days < WEEK:
        return True
    return date.weekday() in {d.weekday() for d in recent}


def next_expected(seen: Sequence[dt.date], cadence: str) -> dt.date:
    """Return the first business date after those seen for which the feed is expected."""
    date = max(seen) + dt.timedelta(days=DAYS[cadence])
    while not expects(seen, cadence, date):
        date += dt.timedelta(days=1)
    return date
