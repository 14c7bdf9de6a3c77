"""Rows of Trino's protocol as Arrow."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

Reader = Callable[[Any], Any]
_DECIMAL = re.compile(r"decimal\((\d+), ?(\d+)\)")


def arrow(columns: Sequence[tuple[str, str]], values: Sequence[Sequence[Any]]) -> pa.Table:
    """Return rows as Arrow, each column of the type that Trino states."""
    import pyarrow as pa

    arrays, fields = [], []
    for position, (name, kind) in enumerate(columns):
        wanted, read = _kind(kind)
        column = [None if row[position] is None else read(row[position]) for row in values]
        arrays.append(pa.array(column, wanted))
        fields.append(pa.field(name, wanted))
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def _kind(name: str) -> tuple[Any, Reader]:
    """Return the Arrow type of a Trino type, and what reads its values."""
    import pyarrow as pa

    if number := _DECIMAL.fullmatch(name):
        return pa.decimal128(int(number[1]), int(number[2])), Decimal
    if name.startswith("array("):
        inner, read = _kind(name[len("array(") : -1])
        return pa.list_(inner), lambda v: [None if x is None else read(x) for x in v]
    plain: dict[str, tuple[Any, Reader]] = {
        "unknown": (pa.null(), str),
        "boolean": (pa.bool_(), bool),
        "tinyint": (pa.int8(), int),
        "smallint": (pa.int16(), int),
        "integer": (pa.int32(), int),
        "bigint": (pa.int64(), int),
        "real": (pa.float32(), float),
        "double": (pa.float64(), float),
        "date": (pa.date32(), dt.date.fromisoformat),
    }
    if name.startswith("timestamp(") and "zone" not in name:
        return pa.timestamp("us"), dt.datetime.fromisoformat
    # Text, and what the platform has no type for: as Trino writes it.
    return plain.get(name, (pa.string(), str))
