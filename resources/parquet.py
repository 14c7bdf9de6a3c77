"""Published Parquet files as Arrow batches, for what reads rows itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa


def batches(
    files: Sequence[str], opened: Callable[[str], Any], size: int = 10_000
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of files in order, at most `size` at a time.

    opened: gives a file to read from, by its address.
    """
    import pyarrow.parquet as pq

    for file in files:
        with opened(file) as source, pq.ParquetFile(source) as parquet:
            columns = [name for name in parquet.schema_arrow.names if not name.startswith("__")]
            yield from parquet.iter_batches(batch_size=size, columns=columns)
