"""Control totals: what the source says that it holds, against what was written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from customer360_assets.extraction.coverage import Part
from customer360_assets.extraction.extracted import ExtractionError, Total
from customer360_assets.extraction.settings import TransactionTable
from resources.embedded.duckdb_output import text
from resources.sources.source_database import Snapshot, identifier

Totals = dict[tuple[dt.date, str | None], Total]
"""By the last date that a file covers, and type."""

_SHOWN = 3


def source_totals(
    snapshot: Snapshot, table: TransactionTable, first: dt.date, last: dt.date, history: Part | None
) -> tuple[Totals, int]:
    """Return the totals that PostgreSQL computes itself, in the snapshot that is extracted.

    And the rows without a date, of the whole table: no date's totals would miss them.
    """
    date, kind = identifier(table.date), identifier(table.type)
    file, since = f"{date}::date", f"{date} >= '{first}' AND "
    if history is not None:
        # Of NULL and a date it would give the date.
        file = f"CASE WHEN {date} IS NOT NULL THEN greatest({file}, '{history.last}'::date) END"
        since = ""
    # Sums as text: as numbers without precision they would be read as doubles.
    query = (
        f"SELECT {file} AS last, {kind} AS type, count(*) AS rows,"
        f" sum({identifier(table.amount)})::text AS amount,"
        f" sum({identifier(table.balance)})::text AS balance"
        f" FROM {identifier(table.db_schema, table.table)}"
        f" WHERE {since}{date} < '{last + dt.timedelta(days=1)}' OR {date} IS NULL GROUP BY 1, 2"
    )
    found = snapshot.ask(query)
    undated = sum(row[2] for row in found if row[0] is None)
    return _totals([row for row in found if row[0] is not None]), undated


def written_totals(snapshot: Snapshot, files: Mapping[dt.date, Path]) -> Totals:
    """Return the totals of the files as they were written."""
    rows = []
    for last, file in files.items():
        found = snapshot.run(
            "SELECT type, count(*), CAST(sum(amount) AS VARCHAR), CAST(sum(balance) AS VARCHAR)"
            f" FROM read_parquet({text(str(file))}) GROUP BY type ORDER BY type"
        )
        rows += [(last, *row) for row in found.fetchall()]
    return _totals(rows)


def compare(stated: Totals, written: Totals) -> None:
    """Raise ExtractionError that names the dates and figures that differ, by how much."""
    wrong = []
    for last, kind in sorted(stated.keys() | written.keys(), key=str):
        difference = _difference(stated.get((last, kind)), written.get((last, kind)))
        if difference:
            wrong.append(f"{last} {kind}: {difference}")
    if wrong:
        more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        raise ExtractionError(
            "The control totals of what was written are not those of the source: "
            f"{'; '.join(wrong[:_SHOWN])}{more}. No transactions were delivered."
        )


def by_type(totals: Totals) -> tuple[Total, ...]:
    """Add up the totals of each type."""
    sums: dict[str | None, Total] = {}
    for (_, kind), total in totals.items():
        known = sums.get(kind)
        sums[kind] = total if known is None else Total(
            kind,
            known.rows + total.rows,
            _added(known.amount, total.amount),
            _added(known.balance, total.balance),
        )  # fmt: skip
    return tuple(sums[kind] for kind in sorted(sums, key=str))


def _totals(rows: list[tuple[Any, ...]]) -> Totals:
    return {
        (last, kind): Total(kind, count, _decimal(amount), _decimal(balance))
        for last, kind, count, amount, balance in rows
    }


def _difference(source: Total | None, written: Total | None) -> str:
    empty = Total(None, 0, None, None)
    source, written = source or empty, written or empty
    differences = []
    if source.rows != written.rows:
        differences.append(f"{source.rows} rows there, {written.rows} written")
    for name in ("amount", "balance"):
        there, here = getattr(source, name), getattr(written, name)
        # Without a value there is no sum, and that is not 0.
        if there != here:
            differences.append(f"{name} differs by {(here or Decimal(0)) - (there or Decimal(0))}")
    return ", ".join(differences)


def _decimal(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def _added(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return other if one is None else one if other is None else one + other
