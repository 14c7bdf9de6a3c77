"""The way out of an Athena query: columns of a candidate, cast without loss."""

from __future__ import annotations

from collections.abc import Sequence

from resources.athena.text import literal, quoted
from resources.iceberg.candidate_tables import PART, SEPARATOR
from resources.protocols.sql_engine import SqlError

# Room for a bigint, and for all the digits that a double has behind the point.
_EXACT = "decimal(38, 18)"


def lossless_cast(name: str, target: str) -> str:
    """Return the expression of an output column: the value as `target`, or the query fails.

    The comparison is what refuses: Athena compares a number with a number and a time with a time,
    a text with neither, and says so before it reads a row. The value that is no `target` makes it
    cast a text that says which column that was; Athena has no function that only fails.
    """
    column, kind = quoted(name), _athena(target)
    if kind == "varchar":
        text = f"CAST({column} AS varchar)"
        return f"CASE WHEN {text} = {column} THEN {text} END AS {column}"
    problem = literal(f"output: column {name} has a value that {kind} cannot hold")
    return (
        f"CASE WHEN {column} IS NULL THEN NULL"
        f" WHEN {_kept(column, kind)} THEN CAST({column} AS {kind})"
        f" ELSE CAST({problem} AS {kind}) END AS {column}"
    )


def _kept(column: str, kind: str) -> str:
    """Return the condition that a value is the same as `kind`."""
    same = f"TRY_CAST({column} AS {kind}) = {column}"
    if kind != "double":
        return same
    # A number is compared with a double as a double, whatever digits that takes: back to a decimal
    # it shows those that it lost. A double has none to lose, and not every double is a decimal.
    back = f"TRY_CAST(TRY_CAST({column} AS double) AS {_EXACT}) = TRY_CAST({column} AS {_EXACT})"
    return f"{same} AND (lower(typeof({column})) IN ('double', 'real', 'float') OR {back})"


def insert_sql(
    query: str,
    candidate: str,
    columns: Sequence[tuple[str, str]],
    partition_by: Sequence[str] = (),
    where: str | None = None,
) -> str:
    """Return the statement that writes a query's rows to a candidate table.

    Unordered: Athena keeps no order of an INSERT. SqlError for columns that would be confused.
    """
    names = [name for name, _ in columns]
    if len(set(names)) < len(names):
        raise SqlError("output: a column is named twice")
    chosen = [lossless_cast(name, target) for name, target in columns]
    if partition_by:
        names.append(PART)
        chosen.append(f"{_part(columns, partition_by)} AS {quoted(PART)}")
    kept = f"\nWHERE {where}" if where else ""
    listed = ",\n    ".join(chosen)
    into = f"{quoted(candidate)} ({', '.join(map(quoted, names))})"
    return f"INSERT INTO {into}\nSELECT\n    {listed}\nFROM (\n{query}\n) AS result{kept}"


def _part(columns: Sequence[tuple[str, str]], partition_by: Sequence[str]) -> str:
    types = dict(columns)

    def as_text(name: str) -> str:
        kind = _athena(types[name]) if name in types else "varchar"
        value = quoted(name) if kind == "varchar" else f"CAST({quoted(name)} AS {kind})"
        return f"CAST({value} AS varchar)"

    return f" || {literal(SEPARATOR)} || ".join(map(as_text, partition_by))


def _athena(target: str) -> str:
    # Bare, it has milliseconds in Athena and microseconds in Iceberg.
    return "timestamp(6)" if target == "timestamp" else target
