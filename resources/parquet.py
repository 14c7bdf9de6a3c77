"""Published Parquet files as Arrow batches, for what reads rows itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


def batches(files: Sequence[str], size: int = 10_000) -> Iterator[pa.RecordBatch]:
    """Give the rows of local files in order, at most `size` at a time."""
    import pyarrow.parquet as pq

    for file in files:
        with pq.ParquetFile(file) as opened:
            yield from opened.iter_batches(batch_size=size)
