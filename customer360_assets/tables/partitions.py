"""Business dates as Dagster partitions."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import dagster as dg

from resources.deployment.deployment import Deployment

LONGEST = 31
"""Days that one run takes on: Athena writes no more than a hundred partitions at once."""
MONTHLY = dg.BackfillPolicy.multi_run(max_partitions_per_run=LONGEST)
"""One policy for all assets, or a job over them would fall back to the smallest."""

HISTORY = 50_000
"""Days that an as-of table without a window may look back: longer than any deployment's dates."""


def business_days(deployment: Deployment) -> dg.DailyPartitionsDefinition:
    """Return the daily partitions, from the first one through the last business date, or today."""
    start, last = deployment.first_partition, deployment.last_business_date
    if last is None:
        return dg.DailyPartitionsDefinition(start_date=start.isoformat(), end_offset=1)
    end = last + dt.timedelta(days=1)
    return dg.DailyPartitionsDefinition(start_date=start.isoformat(), end_date=end.isoformat())


def dates_up_to(window_months: int | None = None) -> dg.PartitionMapping:
    """Return the mapping of an as-of table: all business dates up to its own, or of its window.

    Dates without a delivery are among them and hold nothing: what is outstanding follows from the
    recorded versions, never by a partition that is not there. Dagster's backfills use this mapping
    to make the dates of a stage table before the as-of tables that read them. The window is an
    upper bound in days, and a snapshot is read at its newest date, which is one of these.
    """
    days = window_months * 31 if window_months else HISTORY
    with warnings.catch_warnings():
        # The argument that lets a window begin before the first business date is in beta.
        warnings.simplefilter("ignore", dg.BetaWarning)
        return dg.TimeWindowPartitionMapping(
            start_offset=-days, end_offset=0, allow_nonexistent_upstream_partitions=True
        )


@dataclass(frozen=True, order=True)
class Span:
    """Business dates from `first` through `last`, both included."""

    first: dt.date
    last: dt.date

    @property
    def dates(self) -> list[dt.date]:
        """Every date of the span, in order."""
        days = (self.last - self.first).days
        return [self.first + dt.timedelta(days=n) for n in range(days + 1)]

    def __str__(self) -> str:
        """Return the date, or "first to last"."""
        same = self.first == self.last
        return f"{self.first}" if same else f"{self.first} to {self.last}"


def span_of(context: dg.AssetExecutionContext) -> Span:
    """Return the partitions that a step materializes: one date, or the range of a backfill."""
    keys = context.partition_key_range
    return Span(dt.date.fromisoformat(keys.start), dt.date.fromisoformat(keys.end))


def spans(dates: Iterable[dt.date], bridge: int = 0, longest: int | None = None) -> Iterator[Span]:
    """Yield the maximal spans over dates, joining neighbours at most `bridge` empty days apart.

    longest: days that a span may have at most, empty ones among them.
    """
    first: dt.date | None = None
    last: dt.date | None = None
    for date in sorted(set(dates)):
        if first is not None and last is not None:
            full = longest is not None and (date - first).days >= longest
            if full or (date - last).days > bridge + 1:
                yield Span(first, last)
                first = None
        first, last = first or date, date
    if first is not None and last is not None:
        yield Span(first, last)
