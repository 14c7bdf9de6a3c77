"""Lazy tables: each is one SELECT over earlier ones, checked when made, run when asked for rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from resources.embedded.duckdb_output import quoted
from resources.embedded.frames.column import Column, Shape
from resources.embedded.frames.errors import AnalysisException
from resources.embedded.frames.functions import col
from resources.embedded.frames.writer import Writer

_JOINS = {
    "inner": "JOIN",
    "left": "LEFT JOIN",
    "left_semi": "SEMI JOIN",
    "right": "RIGHT JOIN",
}


class Tables(Protocol):
    """The part of a session that its tables ask."""

    def made(self, query: str, reads: tuple[str, ...]) -> DataFrame:
        """Return the table of a query over earlier ones."""
        ...

    def type_of(self, name: str, sql: str) -> str:
        """Return the type of an expression over a table."""
        ...

    def rows(self, name: str) -> list[tuple[Any, ...]]:
        """Return the rows of a table."""
        ...

    def writer(self, name: str) -> Writer:
        """Return what writes the rows of a table."""
        ...


class DataFrame:
    """A table named within its session, with the columns that it has."""

    def __init__(self, session: Tables, name: str, columns: Sequence[str]) -> None:
        self._session, self._name = session, name
        self._columns = tuple(columns)

    @property
    def columns(self) -> list[str]:
        """Return the names of the columns."""
        return list(self._columns)

    @property
    def write(self) -> Writer:
        """Return what writes the rows."""
        return self._session.writer(self._name)

    def type_of(self, sql: str) -> str:
        """Return DuckDB's type of an expression over the columns."""
        return self._session.type_of(self._name, sql)

    def collect(self) -> list[tuple[Any, ...]]:
        """Return the rows."""
        return self._session.rows(self._name)

    def select(self, *columns: Column | str) -> DataFrame:
        """Return the given columns."""
        return self._made(", ".join(_named(c, self) for c in columns))

    def where(self, condition: Column) -> DataFrame:
        """Return the rows for which a condition holds."""
        return self._made("*", f"WHERE {condition.sql(self)}")

    def drop(self, *names: str) -> DataFrame:
        """Return the columns but those; one that is not there is none to drop."""
        return self.select(*(c for c in self._columns if c not in names))

    def withColumn(self, name: str, column: Column) -> DataFrame:  # noqa: N802 (Spark's name)
        """Return the columns with one more, in the place of its namesake if there is one."""
        return self.withColumns({name: column})

    def withColumns(self, columns: Mapping[str, Column]) -> DataFrame:  # noqa: N802 (Spark's name)
        """Return the columns with more, each computed from the columns before."""
        named = {name: column.alias(name) for name, column in columns.items()}
        kept = [named.pop(name, name) for name in self._columns]
        return self.select(*kept, *named.values())

    def groupBy(self, *columns: str) -> GroupedData:  # noqa: N802 (Spark's name)
        """Return groups of rows that are alike in some columns."""
        return GroupedData(self, columns)

    def agg(self, *measures: Column) -> DataFrame:
        """Return one row of aggregates."""
        return self.select(*measures)

    def join(
        self, other: DataFrame, on: str | Sequence[str] | Column, how: str = "inner"
    ) -> DataFrame:
        """Return rows of both: the columns joined on first, then those of each side.

        Raises AnalysisException for a name that both sides have and the rows are not joined on.
        """
        if how not in _JOINS:
            raise AnalysisException(f"a {how} join is not in the subset of this engine")
        keys = [] if isinstance(on, Column) else [on] if isinstance(on, str) else list(on)
        taken = () if how == "left_semi" else other._columns
        rest = [("l", c) for c in self._columns if c not in keys]
        rest += [("r", c) for c in taken if c not in keys]
        if twice := sorted({c for _, c in rest if [n for _, n in rest].count(c) > 1}):
            raise AnalysisException(f"[AMBIGUOUS_REFERENCE] both sides have {', '.join(twice)}")
        chosen = [("r" if how == "right" else "l", key) for key in keys] + rest
        listed = ", ".join(f"{side}.{quoted(c)}" for side, c in chosen)
        matched = " AND ".join(f"l.{quoted(k)} = r.{quoted(k)}" for k in keys)
        condition = on.sql(_Unknown()) if isinstance(on, Column) else matched
        source = f"{self._name} AS l {_JOINS[how]} {other._name} AS r ON {condition}"
        return self._session.made(f"SELECT {listed} FROM {source}", (self._name, other._name))

    def crossJoin(self, other: DataFrame) -> DataFrame:  # noqa: N802 (Spark's name)
        """Return every row of one with every row of the other."""
        return self.join(other, Column(lambda _shape: "TRUE"))

    def unionAll(self, other: DataFrame) -> DataFrame:  # noqa: N802 (Spark's name)
        """Return the rows of both, column by column in their order."""
        both = f"SELECT * FROM {self._name} UNION ALL SELECT * FROM {other._name}"
        return self._session.made(both, (self._name, other._name))

    def limit(self, rows: int) -> DataFrame:
        """Return so many rows at most."""
        return self._made("*", f"LIMIT {rows:d}")

    def repartition(self, _number: int) -> DataFrame:
        """Return the same: one process writes one file."""
        return self

    def sortWithinPartitions(self, *names: str) -> DataFrame:  # noqa: N802 (Spark's name)
        """Return the rows in order of some columns, those without a value first."""
        return self._made("*", f"ORDER BY {', '.join(f'{quoted(n)} NULLS FIRST' for n in names)}")

    def _made(self, listed: str, rest: str = "") -> DataFrame:
        return self._session.made(f"SELECT {listed} FROM {self._name} {rest}", (self._name,))

    def __getattr__(self, name: str) -> Any:
        """Refuse what the subset does not have, by name."""
        raise AnalysisException(f"DataFrame.{name} is not in the subset of this engine")


class GroupedData:
    """Groups of rows."""

    def __init__(self, frame: DataFrame, keys: Sequence[str]) -> None:
        self._frame, self._keys = frame, keys

    def agg(self, *measures: Column) -> DataFrame:
        """Return one row per group: its keys, then the aggregates."""
        chosen: list[Column | str] = [*self._keys, *measures]
        listed = ", ".join(_named(c, self._frame) for c in chosen)
        return self._frame._made(listed, f"GROUP BY {', '.join(map(quoted, self._keys))}")

    def count(self) -> DataFrame:
        """Return the number of rows per group, as `count`."""
        return self.agg(Column(lambda _shape: "count(*)", "count"))


class _Unknown:
    """Two sides of a join: an expression whose SQL depends on a type cannot stand there."""

    def type_of(self, _sql: str) -> str:
        raise AnalysisException("compute a column before the join, not in its condition")


def _named(column: Column | str, shape: Shape) -> str:
    own = col(column) if isinstance(column, str) else column
    if own.name is None:
        raise AnalysisException("a computed column needs a name: use alias")
    return f"{own.sql(shape)} AS {quoted(own.name)}"
