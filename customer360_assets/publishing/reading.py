"""Which files an asset reads for a business date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from customer360_assets.contracts import contract as contract_of
from customer360_assets.contracts.contract import Contract
from customer360_assets.planning.versions import window_start
from customer360_assets.publishing.lake_tables import published
from customer360_assets.publishing.platform import Platform
from customer360_assets.tables.partitions import Span
from resources.protocols.lake_types import DamagedFileError, MissingTableError


def as_of_files(
    platform: Platform, table: Contract, as_of: dt.date, months: int | None = None
) -> Sequence[str]:
    """Return the files of a table as-of a date: its newest snapshot, or its deltas."""
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


def replaced_files(platform: Platform, table: str, span: Span) -> Sequence[str]:
    """Return what is published of dates that are about to be replaced, to compare with it.

    Nothing if one of the files is damaged: to replace it must not depend on reading it.
    """
    try:
        return platform.lake.files(table, span.first, span.last)
    except (MissingTableError, DamagedFileError):
        return []


def as_of_inputs(
    platform: Platform, reads: Iterable[str], as_of: dt.date, months: int | None = None
) -> dict[str, Sequence[str]]:
    """Return the files of every table that an as-of table reads, never an empty list."""
    return {
        name: published(platform, name, as_of_files(platform, contract_of(name), as_of, months))
        for name in reads
    }


def pieces(platform: Platform, table: str, span: Span) -> list[Span]:
    """Divide a span of a table's partitions into what the engine wants to read at once.

    A date is never divided. Sizes are those of the table's rows on the average.
    """
    limit, lake = platform.sql.bytes_at_once, platform.lake
    try:
        rows = lake.dates(table, span.first, span.last) if limit else {}
        size = lake.bytes(lake.files(table, span.first, span.last)) if rows else 0
    except MissingTableError:
        return [span]
    if limit is None or size <= limit:
        return [span]
    groups = grouped({date: size * n // sum(rows.values()) for date, n in rows.items()}, limit)
    firsts = [span.first, *(group[0] for group in groups[1:])]
    lasts = [first - dt.timedelta(days=1) for first in firsts[1:]]
    return [Span(first, last) for first, last in zip(firsts, [*lasts, span.last], strict=True)]


def joined(inputs: Iterable[Mapping[str, Sequence[str]]]) -> dict[str, Sequence[str]]:
    """Return the files of all parts by table."""
    found: dict[str, list[str]] = {}
    for piece in inputs:
        for table, files in piece.items():
            found.setdefault(table, []).extend(files)
    # A piece without rows reads the table's empty file, as another may.
    return {table: list(dict.fromkeys(files)) for table, files in found.items()}


def grouped(sizes: Mapping[dt.date, int], limit: int | None) -> list[list[dt.date]]:
    """Group neighbouring dates, none of more than the limit unless a date alone is."""
    groups: list[list[dt.date]] = []
    in_group = 0
    for date, size in sorted(sizes.items()):
        if not groups or (limit is not None and in_group + size > limit):
            groups.append([])
            in_group = 0
        groups[-1].append(date)
        in_group += size
    return groups


def span_inputs(platform: Platform, reads: Iterable[str], span: Span) -> dict[str, Sequence[str]]:
    """Return the files of exactly the span's partitions, never an empty list."""
    found: dict[str, Sequence[str]] = {}
    for name in reads:
        try:
            files = platform.lake.files(name, first=span.first, last=span.last)
        except MissingTableError:
            files = []
        found[name] = published(platform, name, files)
    return found
