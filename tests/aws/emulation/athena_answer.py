"""Rows as GetQueryResults words them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pyarrow as pa


def column_info(rows: pa.Table) -> list[dict[str, Any]]:
    """Return the columns of a result."""
    found = []
    for column in rows.schema:
        kind = column.type
        info: dict[str, Any] = {"Name": column.name, "Type": _name(kind), "Nullable": "UNKNOWN"}
        if pa.types.is_decimal(kind):
            info |= {"Precision": kind.precision, "Scale": kind.scale}
        found.append(info)
    return found


def data(values: list[Any]) -> dict[str, Any]:
    """Return one row; NULL has no text."""
    return {"Data": [{} if v is None else {"VarCharValue": _text(v)} for v in values]}


def _name(kind: pa.DataType) -> str:  # noqa: PLR0911
    if pa.types.is_decimal(kind):
        return "decimal"
    if pa.types.is_timestamp(kind):
        return "timestamp"
    if pa.types.is_list(kind):
        return "array"
    if pa.types.is_null(kind):
        return "unknown"
    if pa.types.is_date(kind):
        return "date"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return "varchar"
    names = {"int8": "tinyint", "int16": "smallint", "int32": "integer", "int64": "bigint",
             "float": "float", "double": "double", "bool": "boolean"}  # fmt: skip
    return names.get(str(kind), str(kind))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ", timespec="microseconds")
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, list):
        return "[" + ", ".join("null" if v is None else _text(v) for v in value) + "]"
    if isinstance(value, float):
        return {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}.get(repr(value), repr(value))
    return str(value)
