"""Pandera's Arrow dtypes in the spellings of Athena and Iceberg."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pandera.engines import pandas_engine as pe

if TYPE_CHECKING:
    from pyiceberg.types import IcebergType

_SQL: dict[type, str] = {
    pe.ArrowString: "varchar",
    pe.ArrowInt64: "bigint",
    pe.ArrowFloat64: "double",
    pe.ArrowBool: "boolean",
    pe.ArrowDate32: "date",
    pe.ArrowTimestamp: "timestamp",
}


def sql_type(dtype: Any) -> str:
    """Return Athena's type for a column's dtype; TypeError for one that no engine here stores."""
    if isinstance(dtype, pe.ArrowDecimal128):
        return f"decimal({dtype.precision},{dtype.scale})"
    for known, name in _SQL.items():
        if isinstance(dtype, known):
            return name
    raise TypeError(f"no column type for {dtype}; use one of contracts.columns")


def iceberg_type(sql: str) -> IcebergType:
    """Return the Iceberg type for a type in Athena's spelling."""
    from pyiceberg import types as ice

    if sql.startswith("decimal("):
        precision, scale = sql[len("decimal(") : -1].split(",")
        return ice.DecimalType(int(precision), int(scale))
    simple: dict[str, IcebergType] = {
        "varchar": ice.StringType(),
        "bigint": ice.LongType(),
        "double": ice.DoubleType(),
        "boolean": ice.BooleanType(),
        "date": ice.DateType(),
        "timestamp": ice.TimestampType(),
    }
    return simple[sql]
