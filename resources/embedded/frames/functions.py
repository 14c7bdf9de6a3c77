"""`pyspark.sql.functions`, as far as this engine has them; another one is refused by name."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from resources.embedded.duckdb_output import quoted, text
from resources.embedded.frames.casts import summed
from resources.embedded.frames.column import Case, Column, Literal, Shape, literal
from resources.embedded.frames.errors import AnalysisException

Named = Column | str
F = TypeVar("F")


class Struct(Column):
    """Several columns as one value, compared field by field."""

    def __init__(self, fields: dict[str, Column]) -> None:
        super().__init__(lambda shape: _packed(fields, shape, ordered=False))
        self.fields = fields


def col(name: str) -> Column:
    """Return a column of the frame."""
    return Column(lambda _shape: quoted(name), name)


def lit(value: Column | Literal) -> Column:
    """Return a literal."""
    return literal(value)


def broadcast(frame: F) -> F:
    """Return the frame: within one process nothing is sent to others."""
    return frame


def when(condition: Column, value: Column | Literal) -> Case:
    """Return the value where the condition holds, else NULL."""
    return Case(condition, value)


def coalesce(*columns: Named) -> Column:
    """Return the first value that there is."""
    return _called("coalesce", *columns)


def concat(*columns: Named) -> Column:
    """Return the texts one after another; NULL when one of them is."""
    parts = [_column(c) for c in columns]
    return Column(lambda shape: f"({' || '.join(part.sql(shape) for part in parts)})")


def lpad(column: Named, width: int, pad: str) -> Column:
    """Return the text filled, or cut, to a width."""
    own = _column(column)
    return Column(lambda shape: f"lpad({own.sql(shape)}, {width:d}, {text(pad)})")


def to_date(column: Named) -> Column:
    """Return the date of a time, or of a text such as 2024-01-31."""
    return _column(column).cast("date")


def add_months(column: Named, months: int) -> Column:
    """Return the date some months later; of a day that the month lacks, its last."""
    own = _column(column)
    return Column(lambda shape: f"CAST({own.sql(shape)} + to_months({months:d}) AS DATE)")


def split(column: Named, pattern: str) -> Column:
    """Return the pieces of a text between the separators."""
    if re.escape(pattern) != pattern and not pattern.isspace():
        raise AnalysisException("split takes no regular expression on this engine")
    own = _column(column)
    return Column(lambda shape: f"string_split({own.sql(shape)}, {text(pattern)})")


def explode(column: Named) -> Column:
    """Return a row for each member of a list, none for none."""
    return _called("unnest", column)


def struct(*columns: str) -> Column:
    """Return the columns as one value."""
    return Struct({name: col(name) for name in columns})


def count(column: Named) -> Column:
    """Return the number of values."""
    return _called("count", column)


def sum(column: Named) -> Column:  # noqa: A001 (Spark's name)
    """Return the sum, NULL of no value."""
    own = _column(column)

    def sql(shape: Shape) -> str:
        inner = own.sql(shape)
        return summed(inner, shape.type_of(inner))

    return Column(sql)


def max(column: Named) -> Column:  # noqa: A001 (Spark's name)
    """Return the highest value."""
    return _extreme("max", column)


def min(column: Named) -> Column:  # noqa: A001 (Spark's name)
    """Return the lowest value."""
    return _extreme("min", column)


def _extreme(name: str, column: Named) -> Column:
    if isinstance(column, Struct):
        fields = column.fields
        return Column(lambda shape: f"{name}({_packed(fields, shape, ordered=True)})")
    return _called(name, column)


def _packed(fields: dict[str, Column], shape: Shape, *, ordered: bool) -> str:
    members: list[str] = []
    for field, column in fields.items():
        inner = column.sql(shape)
        if ordered:
            # In Spark a field without a value is the lowest, in DuckDB the highest.
            members.append(f"{quoted(f'{field} is known')} := {inner} IS NOT NULL")
        members.append(f"{quoted(field)} := {inner}")
    return f"struct_pack({', '.join(members)})"


def _called(name: str, *columns: Named) -> Column:
    own = [_column(c) for c in columns]
    return Column(lambda shape: f"{name}({', '.join(c.sql(shape) for c in own)})")


def _column(column: Named) -> Column:
    return col(column) if isinstance(column, str) else column


def __getattr__(name: str) -> Callable[..., Column]:
    if name.startswith("__"):
        raise AttributeError(name)
    raise AnalysisException(f"functions.{name} is not in the subset of this engine")
