"""The statements that are Athena's own, and not its engine's."""

from __future__ import annotations

import io
import re
import uuid
from typing import TYPE_CHECKING, Any

from tests.aws.emulation.athena_failure import Failure
from tests.aws.emulation.athena_tables import place

if TYPE_CHECKING:
    import pyarrow as pa

COMMENTS = re.compile(r"^(\s*--[^\n]*\n)*\s*")
UNLOAD = re.compile(
    r"UNLOAD\s*\((.*)\)\s*TO\s*'(s3://[^']+)'\s*WITH\s*\((.*)\)\s*", re.IGNORECASE | re.DOTALL
)
EXPLAIN = re.compile(r"EXPLAIN\s+(.*)", re.IGNORECASE | re.DOTALL)


def unloading(found: re.Match[str], s3: Any) -> str:
    """Return the query of an UNLOAD; Failure where Athena would not begin it."""
    if not re.search(r"format\s*=\s*'parquet'", found[3], re.IGNORECASE):
        raise Failure("NOT_SUPPORTED: this emulation unloads Parquet")
    where = place(found[2])
    if s3.list_objects_v2(Bucket=where["Bucket"], Prefix=where["Key"])["KeyCount"]:
        raise Failure(f"HIVE_PATH_ALREADY_EXISTS: Target directory is not empty: {found[2]}")
    return found[1]


def unload(rows: pa.Table, uri: str, s3: Any) -> None:
    """Write rows below an S3 address, in two files whose names are in no order."""
    import pyarrow.parquet as pq

    where = place(uri)
    half = -(-rows.num_rows // 2)
    for number, part in enumerate((rows[half:], rows[:half])):
        if part.num_rows:
            body = io.BytesIO()
            pq.write_table(part, body)
            key = f"{where['Key']}{number:05d}_{uuid.uuid4()}"
            s3.put_object(Bucket=where["Bucket"], Key=key, Body=body.getvalue())


def one_column(name: str, values: list[Any]) -> pa.Table:
    """Return the answer of a statement that gives no rows of tables."""
    import pyarrow as pa

    return pa.table({name: pa.array(values, pa.string())})
