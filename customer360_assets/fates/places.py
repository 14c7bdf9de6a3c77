"""Where the records of a fate were delivered: date, delivery and line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from customer360_assets.publishing.platform import Platform

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = ("business_date", "delivery_id", "line_no")
OF_FILES = "SELECT DISTINCT business_date, delivery_id, line_no FROM refused.rows"


@dataclass(frozen=True)
class Places:
    """Delivered records, each once, in order of date, delivery and line; and the rows of them.

    Stage may make several rows of one record.
    """

    table: pa.Table
    rows: int


def placed(table: pa.Table, rows: int | None = None) -> Places:
    """Return the places of a table's rows."""
    distinct = table.select(list(COLUMNS)).group_by(list(COLUMNS)).aggregate([])
    ordered = distinct.sort_by([(name, "ascending") for name in COLUMNS])
    return Places(ordered, table.num_rows if rows is None else rows)


def of_files(platform: Platform, files: Sequence[str]) -> Places:
    """Return the places of the rows in a candidate's files."""
    return placed(platform.sql.query(OF_FILES, inputs={"refused.rows": files}))
