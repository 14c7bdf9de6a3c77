"""Results of Athena as Arrow: page by page, or from the Parquet files that UNLOAD wrote."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from resources.protocols.sql_engine import SqlError

if TYPE_CHECKING:
    import pyarrow as pa

Column = Mapping[str, Any]
Reader = Callable[[str], object]


def _date(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def _timestamp(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text.removesuffix(" UTC"))


def _kind(column: Column) -> tuple[Any, Reader]:
    """Return the Arrow type of a column and the function that reads its text."""
    import pyarrow as pa

    name = str(column["Type"]).lower()
    plain: dict[str, tuple[Any, Reader]] = {
        "tinyint": (pa.int8(), int),
        "smallint": (pa.int16(), int),
        "integer": (pa.int32(), int),
        "int": (pa.int32(), int),
        "bigint": (pa.int64(), int),
        "float": (pa.float32(), float),
        "real": (pa.float32(), float),
        "double": (pa.float64(), float),
        "boolean": (pa.bool_(), "true".__eq__),
        "varchar": (pa.string(), str),
        "char": (pa.string(), str),
        "string": (pa.string(), str),
        "json": (pa.string(), str),
        "unknown": (pa.string(), str),
        "date": (pa.date32(), _date),
        "timestamp": (pa.timestamp("us"), _timestamp),
    }
    if name == "decimal":
        return pa.decimal128(int(column["Precision"]), int(column["Scale"])), Decimal
    if name == "array":
        return pa.string(), str
    if name not in plain:
        raise SqlError(f"column {column['Name']} is {name}: CAST it AS varchar in the SQL")
    return plain[name]


def columns_of(page: Mapping[str, Any]) -> Sequence[Column]:
    """Return the columns of a result, of any of its pages."""
    found: Sequence[Column] = page["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    return found


def arrow(pages: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Return the rows of a SELECT's pages; a missing text is NULL, an empty one is not."""
    import pyarrow as pa

    batches: list[Any] = []
    kinds: list[tuple[Any, Reader]] = []
    schema = None
    for number, page in enumerate(pages):
        if schema is None:
            columns = columns_of(page)
            kinds = [_kind(column) for column in columns]
            schema = pa.schema(
                [(c["Name"], kind) for c, (kind, _) in zip(columns, kinds, strict=True)]
            )
        rows = page["ResultSet"]["Rows"]
        if number == 0 and _names(rows, columns_of(page)):
            rows = rows[1:]
        arrays = [
            pa.array([_value(row, i, read) for row in rows], kind)
            for i, (kind, read) in enumerate(kinds)
        ]
        batches.append(pa.RecordBatch.from_arrays(arrays, schema=schema))
    return pa.Table.from_batches(batches, schema=schema)


def _names(rows: Sequence[Mapping[str, Any]], columns: Sequence[Column]) -> bool:
    """Return True if rows begin with the columns' names: those of a SELECT do, a plan's do not."""
    first = [field.get("VarCharValue") for field in rows[0]["Data"]] if rows else []
    return first == [column["Name"] for column in columns]


def _value(row: Mapping[str, Any], position: int, read: Reader) -> object:
    text = row["Data"][position].get("VarCharValue")
    return None if text is None else read(text)


def unloadable(columns: Sequence[Column]) -> bool:
    """Return whether UNLOAD writes such a result: names that a file can hold, no microseconds."""
    names = [str(c["Name"]) for c in columns]
    return (
        all(names)
        and len(set(names)) == len(names)
        and not any(str(c["Type"]).startswith(("timestamp", "time", "json")) for c in columns)
    )


def unload_sql(sql: str, address: str) -> str:
    """Return the statement that writes a query's rows as Parquet files below an S3 address."""
    return f"UNLOAD (\n{sql}\n) TO '{address}' WITH (format = 'PARQUET', compression = 'ZSTD')"
