"""Expressions over the columns of a frame; their SQL is written once the frame is known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Protocol

from resources.embedded.duckdb_output import quoted, text
from resources.embedded.frames.casts import cast, divided
from resources.embedded.frames.errors import AnalysisException

Literal = str | int | bool | dt.date | Decimal | None


class Shape(Protocol):
    """A frame as an expression sees it."""

    def type_of(self, sql: str) -> str:
        """Return DuckDB's type of an expression over the frame's columns."""
        ...


class Column:
    """An expression, and the name that its result has."""

    def __init__(self, sql: Callable[[Shape], str], name: str | None = None) -> None:
        self.sql = sql
        self.name = name

    def alias(self, name: str) -> Column:
        """Return the same under another name."""
        return Column(self.sql, name)

    def cast(self, target: str) -> Column:
        """Return the value as another type."""

        def sql(shape: Shape) -> str:
            own = self.sql(shape)
            return cast(own, shape.type_of(own), target)

        return Column(sql, self.name)

    def substr(self, start: int, length: int) -> Column:
        """Return `length` characters from the one numbered `start`, counted from 1."""
        if start < 1:
            raise AnalysisException("substr counts from 1 on this engine")
        return Column(lambda shape: f"substr({self.sql(shape)}, {start:d}, {length:d})")

    def isNull(self) -> Column:  # noqa: N802 (Spark's name)
        """Return whether there is no value."""
        return Column(lambda shape: f"({self.sql(shape)} IS NULL)")

    def isNotNull(self) -> Column:  # noqa: N802 (Spark's name)
        """Return whether there is a value."""
        return Column(lambda shape: f"({self.sql(shape)} IS NOT NULL)")

    def eqNullSafe(self, other: Column | Literal) -> Column:  # noqa: N802 (Spark's name)
        """Return whether both are equal, or both without a value."""
        return self._with("IS NOT DISTINCT FROM", other)

    def __getitem__(self, field: str) -> Column:
        """Return a field of a struct."""
        return Column(lambda shape: f"({self.sql(shape)}).{quoted(field)}", field)

    def __eq__(self, other: Column | Literal) -> Column:  # type: ignore[override]
        """Return whether both are equal."""
        return self._with("=", other)

    def __ne__(self, other: Column | Literal) -> Column:  # type: ignore[override]
        """Return whether they differ."""
        return self._with("<>", other)

    def __lt__(self, other: Column | Literal) -> Column:
        """Return whether this is less."""
        return self._with("<", other)

    def __le__(self, other: Column | Literal) -> Column:
        """Return whether this is less or equal."""
        return self._with("<=", other)

    def __gt__(self, other: Column | Literal) -> Column:
        """Return whether this is more."""
        return self._with(">", other)

    def __ge__(self, other: Column | Literal) -> Column:
        """Return whether this is more or equal."""
        return self._with(">=", other)

    def __and__(self, other: Column) -> Column:
        """Return whether both hold."""
        return self._with("AND", other)

    def __or__(self, other: Column) -> Column:
        """Return whether one of them holds."""
        return self._with("OR", other)

    def __invert__(self) -> Column:
        """Return whether it does not hold."""
        return Column(lambda shape: f"(NOT {self.sql(shape)})")

    def __truediv__(self, other: Column | Literal) -> Column:
        """Return the quotient."""
        divisor = literal(other)

        def sql(shape: Shape) -> str:
            one, two = self.sql(shape), divisor.sql(shape)
            return divided(one, shape.type_of(one), two, shape.type_of(two))

        return Column(sql)

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        """Refuse `and`, `or` and `not` over columns."""
        raise AnalysisException("use & for and, | for or, ~ for not")

    def _with(self, operator: str, other: Column | Literal) -> Column:
        right = literal(other)
        return Column(lambda shape: f"({self.sql(shape)} {operator} {right.sql(shape)})")


class Case(Column):
    """A value where a condition holds, else NULL."""

    def __init__(self, condition: Column, value: Column | Literal) -> None:
        self._condition, self._then = condition, literal(value)
        super().__init__(lambda shape: f"{self._opened(shape)} END")

    def otherwise(self, value: Column | Literal) -> Column:
        """Return the same with another value in place of NULL."""
        end = literal(value)
        return Column(lambda shape: f"{self._opened(shape)} ELSE {end.sql(shape)} END")

    def _opened(self, shape: Shape) -> str:
        return f"CASE WHEN {self._condition.sql(shape)} THEN {self._then.sql(shape)}"


def literal(value: Column | Literal) -> Column:
    """Return a value as a column; a column stays as it is."""
    if isinstance(value, Column):
        return value
    written = _written(value)
    return Column(lambda _shape: written)


def _written(value: Literal) -> str:
    if value is None or isinstance(value, bool):
        return {None: "NULL", True: "TRUE", False: "FALSE"}[value]
    if isinstance(value, str):
        return text(value)
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, int | Decimal):
        return f"({value})"
    raise AnalysisException(f"a literal of type {type(value).__name__} has no rule on this engine")
