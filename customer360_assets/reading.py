"""Which files an asset reads for a business date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from customer360_assets.contracts import contract as contract_of
from customer360_assets.contracts.contract import Contract
from customer360_assets.partitions import Span
from customer360_assets.platform import Platform
from customer360_assets.tables import readable
from customer360_assets.versions import window_start
from resources.lake_types import MissingTableError


def as_of_files(
    platform: Platform, table: Contract, as_of: dt.date, months: int | None = None
) -> Sequence[str]:
    """Give the files of a table as-of a date: its newest snapshot, or its deltas."""
    lake, name = platform.lake, table.table
    try:
        if not table.partitioned:
            return lake.files(name)
        if table.reads == "snapshot":
            newest = lake.newest(name, as_of)
            return lake.files(name, first=newest, last=newest) if newest else []
        start = window_start(as_of, months) if months else None
        return lake.files(name, first=start, last=as_of)
    except MissingTableError:
        return []


def as_of_inputs(
    platform: Platform, reads: Iterable[str], as_of: dt.date, months: int | None = None
) -> dict[str, Sequence[str]]:
    """Give the files of every table that an as-of table reads, never an empty list."""
    return {
        name: readable(platform, name, as_of_files(platform, contract_of(name), as_of, months))
        for name in reads
    }


def span_inputs(platform: Platform, reads: Iterable[str], span: Span) -> dict[str, Sequence[str]]:
    """Give the files of exactly the span's partitions, never an empty list."""
    found: dict[str, Sequence[str]] = {}
    for name in reads:
        try:
            files = platform.lake.files(name, first=span.first, last=span.last)
        except MissingTableError:
            files = []
        found[name] = readable(platform, name, files)
    return found
