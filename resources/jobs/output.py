"""What a job has written to S3: its Parquet files, and their rows out of the footers."""

from __future__ import annotations

from typing import Any

from resources.account.client import client
from resources.account.errors import explained
from resources.s3.mirror import S3, address
from resources.side_by_side import side_by_side

_TAIL = 128 * 1024
_MAGIC = 8  # the footer's length and "PAR1"


def parquet_files(folder: str, region: str) -> tuple[str, ...]:
    """Return the addresses of the Parquet files below a folder, in order."""
    found = files_below(folder.rstrip("/") + "/", region)
    return tuple(file for file in found if file.endswith(".parquet"))


def files_below(folder: str, region: str) -> tuple[str, ...]:
    """Return all addresses below a folder, in order."""
    where, s3 = address(folder), client("s3", region)
    pages = s3.get_paginator("list_objects_v2")
    with explained("list", folder):
        return tuple(
            f"{S3}{where['Bucket']}/{found['Key']}"
            for page in pages.paginate(Bucket=where["Bucket"], Prefix=where["Key"])
            for found in page.get("Contents", ())
        )


def rows(files: tuple[str, ...], region: str) -> int:
    """Return the number of rows of Parquet files; of each only the footer is read."""
    s3 = client("s3", region)
    return sum(side_by_side(lambda file: _rows(s3, file), files))


def _rows(s3: Any, uri: str) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    tail = _end(s3, uri, _TAIL)
    footer = int.from_bytes(tail[-_MAGIC:-4], "little") + _MAGIC
    if footer > len(tail):
        tail = _end(s3, uri, footer)
    return int(pq.read_metadata(pa.BufferReader(tail)).num_rows)


def _end(s3: Any, uri: str, size: int) -> bytes:
    with explained("read", uri):
        body: bytes = s3.get_object(**address(uri), Range=f"bytes=-{size}")["Body"].read()
    return body
