"""Business dates as Dagster partitions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import dagster as dg

from customer360_assets.deployment import Deployment

MONTHLY = dg.BackfillPolicy.multi_run(max_partitions_per_run=31)
"""One policy for all assets, or a job over them would fall back to the smallest."""


def business_days(deployment: Deployment) -> dg.DailyPartitionsDefinition:
    """Give the daily partitions, from the first business date through today."""
    return dg.DailyPartitionsDefinition(
        start_date=deployment.first_business_date.isoformat(), end_offset=1
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
        """Give the date, or "first to last"."""
        same = self.first == self.last
        return f"{self.first}" if same else f"{self.first} to {self.last}"


def span_of(context: dg.AssetExecutionContext) -> Span:
    """Give the partitions that a step materializes: one date, or the range of a backfill."""
    keys = context.partition_key_range
    return Span(dt.date.fromisoformat(keys.start), dt.date.fromisoformat(keys.end))


def spans(dates: Iterable[dt.date], bridge: int = 0) -> Iterator[Span]:
    """Give the maximal spans over dates, joining neighbours at most `bridge` empty days apart."""
    first: dt.date | None = None
    last: dt.date | None = None
    for date in sorted(set(dates)):
        if first is not None and last is not None and (date - last).days > bridge + 1:
            yield Span(first, last)
            first = None
        first, last = first or date, date
    if first is not None and last is not None:
        yield Span(first, last)
