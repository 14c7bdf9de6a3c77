"""Whether two Parquet files on S3 hold the same rows, by their bytes before the footer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from resources.s3.mirror import address

_CHUNK = 1 << 20
_MAGIC = b"PAR1"
_TAIL = 8
"""Length of the footer, and the magic number."""


class _File(NamedTuple):
    pages: int
    schema: Any


def same_parquet(s3: Any, one: str, other: str) -> bool:
    """Return whether two files have the same pages, names and types.

    Spark writes a footer's list of encodings in an order that differs between processes, so that
    two files of the same rows differ in their bytes.
    """
    first, second = _file(s3, one), _file(s3, other)
    if first.pages != second.pages or not first.schema.equals(second.schema):
        return False
    return all(
        a == b
        for a, b in zip(_pages(s3, one, first.pages), _pages(s3, other, second.pages), strict=True)
    )


def _file(s3: Any, uri: str) -> _File:
    import pyarrow as pa
    import pyarrow.parquet as pq

    size = s3.head_object(**address(uri))["ContentLength"]
    length = int.from_bytes(_part(s3, uri, size - _TAIL, size).read()[:4], "little")
    footer = _part(s3, uri, size - _TAIL - length, size).read()
    return _File(size - _TAIL - length, pq.read_schema(pa.BufferReader(_MAGIC + footer)))


def _pages(s3: Any, uri: str, end: int) -> Iterator[bytes]:
    chunks: Iterator[bytes] = _part(s3, uri, 0, end).iter_chunks(_CHUNK)
    return chunks


def _part(s3: Any, uri: str, start: int, end: int) -> Any:
    return s3.get_object(**address(uri), Range=f"bytes={start}-{end - 1}")["Body"]
