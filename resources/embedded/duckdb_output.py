"""The edges of a DuckDB query: inputs as views, output without loss, errors without values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from resources.protocols.errors import DISK_FULL

if TYPE_CHECKING:
    import duckdb

    from resources.protocols.sql_engine import Inputs

_TYPE_NAMES = re.compile(
    r"\b(?:U?(?:TINY|SMALL|BIG|HUGE)INT|U?INT(?:8|16|32|64|128)|U?INTEGER|DOUBLE|FLOAT|BOOL(?:EAN)?"
    r"|DECIMAL\(\d+,\d+\)|DATE|TIMESTAMP|JSON)\b"
)
_OURS = re.compile(r"Invalid Input Error: ((?:athena|output): [^\n]*)")


def quoted(name: str) -> str:
    """Return an identifier, or a dotted pair of them, in double quotes."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))


def text(value: str) -> str:
    """Return a text literal."""
    return "'" + value.replace("'", "''") + "'"


def create_views(connection: duckdb.DuckDBPyConnection, inputs: Inputs) -> None:
    """Make one view per table; a column that an older file lacks is NULL there."""
    for table, files in inputs.items():
        if "." in table:
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(table.split('.')[0])}")
        listed = ", ".join(text(str(file)) for file in files)
        connection.execute(
            f"CREATE VIEW {quoted(table)} AS SELECT * FROM "
            f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
        )


def _family(kind: str) -> str:
    if (
        kind.startswith("DECIMAL")
        or kind in {"DOUBLE", "FLOAT"}
        or kind.endswith(("INT", "INTEGER"))
    ):
        return "number"
    if kind in {"DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"}:
        return "time"
    return kind


def _canonical(kind: str) -> str:
    bare = re.sub(r"\s", "", kind).upper()
    return {
        "TEXT": "VARCHAR",
        "STRING": "VARCHAR",
        "INT": "INTEGER",
        "TIMESTAMP(6)": "TIMESTAMP",
    }.get(bare, bare)


def lossless_cast(name: str, actual: str, target: str) -> str:
    """Return the expression of an output column: the value as `target`, or an error, never rounded.

    Numbers go to numbers and times to times; a text becomes neither, because Athena refuses that.
    """
    column, wanted = quoted(name), _canonical(target)
    if actual == wanted:
        return column
    if _family(actual) == _family(wanted):
        back = f"CAST(TRY_CAST({column} AS {wanted}) AS {actual}) = {column}"
        problem = f"output: column {name} has a value that {wanted} cannot hold"
        return (
            f"CASE WHEN {column} IS NULL THEN NULL WHEN {back} THEN CAST({column} AS {wanted}) "
            f"ELSE error({text(problem)}) END AS {column}"
        )
    problem = (
        f"output: column {name} is {actual} and the contract says {wanted}: CAST it in the SQL"
    )
    unless_null = f"CASE WHEN {column} IS NOT NULL THEN error({text(problem)}) END"
    return f"CAST({unless_null} AS {wanted}) AS {column}"


def select_columns(types: Mapping[str, str], columns: Sequence[tuple[str, str]]) -> str:
    """Return the select list of the output; KeyError names a column that the query lacks."""
    return ", ".join(lossless_cast(name, types[name], target) for name, target in columns)


def without_values(error: Exception, inputs: Inputs) -> str:
    """Return the error message without any value of the data.

    DuckDB quotes the value that it could not convert; only names of types, of the given files and
    of what the SQL itself says are kept.
    """
    import duckdb

    message = str(error)
    if (ours := _OURS.match(message)) is not None:
        return ours.group(1)
    if isinstance(error, duckdb.BinderException | duckdb.CatalogException | duckdb.ParserException):
        first, *more = message.splitlines()
        near = [line for line in more if line.startswith("Candidate bindings")]
        return ". ".join([first.rstrip("!"), *near])
    if isinstance(error, duckdb.IOException) and "No space left" in message:
        return DISK_FULL
    file = next((str(f) for files in inputs.values() for f in files if str(f) in message), None)
    if file is not None:
        return f"{type(error).__name__} in file {file}"
    if isinstance(error, duckdb.OutOfMemoryException):
        return "out of memory: raise the memory limit or give a temporary directory with room"
    types = sorted(set(_TYPE_NAMES.findall(message))) if isinstance(error, duckdb.DataError) else []
    return f"{type(error).__name__}{' with ' + ', '.join(types) if types else ''}"
