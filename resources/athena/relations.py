"""What a query reads of each of its tables, as written for Athena."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from resources.athena.text import literal, quoted
from resources.dialect.athena_sql import tables
from resources.protocols.lake_types import DATE_COLUMN, Slice, split
from resources.protocols.sql_engine import Inputs, SqlError

if TYPE_CHECKING:
    from resources.account.aws_names import AwsNames

NO_NAMES: Mapping[str, str] = MappingProxyType({})
"""No files are shown by a table yet: their digest stands for it."""


def unnamed(queries: Iterable[tuple[str, Inputs]]) -> dict[str, Sequence[str]]:
    """Return the files that these queries need a temporary table for, by their digest."""
    return {
        digest(files): files
        for sql, inputs in queries
        for table, files in inputs.items()
        if table in tables(sql) and not isinstance(files, Slice)
    }


def reading(names: AwsNames, inputs: Inputs, mounted: Mapping[str, str]) -> Callable[[str], str]:
    """Return how a query reads each of its tables: a slice of it, or a temporary table."""

    def relation(table: str) -> str:
        files = inputs.get(table)
        if files is None:
            raise SqlError(f"{table} is not among the tables that this query may read")
        if isinstance(files, Slice):
            return _slice(names, files)
        shown_by = digest(files)
        return quoted(mounted.get(shown_by, shown_by))

    return relation


def digest(files: Sequence[str]) -> str:
    """Return the digest of a list of files."""
    return hashlib.sha256("\n".join(files).encode()).hexdigest()


def _slice(names: AwsNames, rows: Slice) -> str:
    schema, table = split(rows.table)
    where = [
        f"{DATE_COLUMN} {sign} {literal(bound)}"
        for sign, bound in ((">=", rows.first), ("<=", rows.last))
        if bound is not None
    ]
    kept = f" WHERE {' AND '.join(where)}" if where else ""
    source = quoted(f"{names.database(schema)}.{table}")
    return f"(SELECT * FROM {source} FOR VERSION AS OF {rows.snapshot_id}{kept})"
