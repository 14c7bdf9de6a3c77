"""Where refused records and files are, as tables of the UI: file, line and rule, never a value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import dagster as dg

from customer360_assets.contracts.contract import Contract
from customer360_assets.publishing.lake_tables import published
from customer360_assets.publishing.platform import Platform
from customer360_assets.publishing.reading import replaced_files
from customer360_assets.tables.partitions import Span
from customer360_assets.tables.specs import asset_key

LISTED = 1_000
"""Rows that an event holds; the table itself has all."""
IN_QUARANTINE = "in quarantine"
NOT_LISTED = "in quarantine, not listed"
Record = Mapping[str, str | int]


def add_refused(
    context: dg.AssetExecutionContext,
    platform: Platform,
    contract: Contract,
    span: Span,
    count: int,
) -> None:
    """Add to the newest partition's event what its run put into quarantine, `count` records.

    To that event alone: a range has one for every date.
    """
    if not count:
        return
    table = f"quarantine.{contract.feed}"
    found = platform.sql.query(
        f"SELECT file, line_no, rule, set_aside FROM {table}"
        " WHERE caught_by = ? AND business_date BETWEEN ? AND ?"
        f" ORDER BY file, line_no, rule, set_aside LIMIT {LISTED}",
        params=[contract.table.replace(".", "/"), span.first, span.last],
        inputs={table: published(platform, table, replaced_files(platform, table, span))},
    ).to_pylist()
    rest = {NOT_LISTED: count - len(found)} if count > len(found) else {}
    context.add_asset_metadata(
        {IN_QUARANTINE: as_table(found, ("file", "line_no", "rule", "set_aside")), **rest},
        asset_key=asset_key(contract.table),
        partition_key=span.last.isoformat(),
    )


def refused_files(refused: Mapping[str, str]) -> dict[str, dg.TableMetadataValue | int]:
    """Return the files that were refused whole and the reason of each, as metadata."""
    rows: list[Record] = [{"file": f, "reason": reason} for f, reason in sorted(refused.items())]
    if not rows:
        return {}
    more = {"refused files, not listed": len(rows) - LISTED}
    listed = {"refused files": as_table(rows[:LISTED], ("file", "reason"))}
    return {**listed, **(more if len(rows) > LISTED else {})}


def as_table(rows: Sequence[Record], columns: Sequence[str]) -> dg.TableMetadataValue:
    """Return rows as a table that the UI shows."""
    types = {"line_no": "int"}
    return dg.MetadataValue.table(
        [dg.TableRecord({column: row[column] for column in columns}) for row in rows],
        schema=dg.TableSchema([dg.TableColumn(c, types.get(c, "string")) for c in columns]),
    )
