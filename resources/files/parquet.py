"""Parquet files as Arrow rows, for what reads them itself: all of them, or a bounded sample."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from resources.side_by_side import side_by_side

if TYPE_CHECKING:
    import pyarrow as pa

FILES_SAMPLED = 16
GROUPS_SAMPLED = 4
READ_PER_ROW = 20
"""Rows that are decoded for each row of a sample, so that it is not the head of its row group."""
READ_WHOLE = 4 << 20
"""Bytes of a file that is read in one request; of a larger one, pages of what is decoded."""
BUFFER = 1 << 20


def batches(
    files: Sequence[str], opened: Callable[[str], Any], size: int = 10_000
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of files in order, at most `size` at a time.

    opened: gives a file to read from, by its address.
    """
    import pyarrow.parquet as pq

    for file in files:
        with opened(file) as source, pq.ParquetFile(source) as parquet:
            yield from parquet.iter_batches(batch_size=size, columns=_visible(parquet))


def spread(count: int, most: int) -> list[int]:
    """Return at most `most` of the positions below `count`, at even distances."""
    return [i * count // most for i in range(most)] if count > most else list(range(count))


def sampled_files(files: Sequence[str]) -> list[str]:
    """Return the files of which a sample is taken, a bounded number of them."""
    return [files[i] for i in spread(len(files), FILES_SAMPLED)]


def sample(files: Sequence[str], opened: Callable[[str], Any], rows: int) -> pa.Table:
    """Return at most `rows` rows, chosen by their position in the files; the same ones each time.

    What is read is bounded, whatever the files hold. opened: see `batches`; an Arrow file.
    """
    import pyarrow as pa

    chosen = sampled_files(files)[:rows]
    if not chosen:
        return pa.table({})
    share = rows // len(chosen)
    found = side_by_side(lambda file: _sample_of(opened, file, share), chosen)
    # Files may have the columns in another order.
    return pa.concat_tables(found, promote_options="default")


def _sample_of(opened: Callable[[str], Any], file: str, rows: int) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with opened(file) as source:
        whole = source.size() <= READ_WHOLE
        readable = pa.BufferReader(source.read_buffer()) if whole else source
        with pq.ParquetFile(
            readable, buffer_size=0 if whole else BUFFER, pre_buffer=False
        ) as parquet:
            columns = _visible(parquet)
            groups = _sampled_groups(parquet, rows)
            taken = [_head(parquet, group, columns, rows // len(groups)) for group in groups]
            empty = parquet.schema_arrow.empty_table().select(columns)
    return _plain(pa.concat_tables([empty, *taken]))


def _plain(table: pa.Table) -> pa.Table:
    """Return text as Arrow's plain strings: Parquet and Iceberg know no other kind of text."""
    import pyarrow as pa

    def kind(type_: pa.DataType) -> pa.DataType:
        bare = type_.value_type if pa.types.is_dictionary(type_) else type_
        text = pa.types.is_large_string(bare) or pa.types.is_string_view(bare)
        return pa.string() if text else bare

    return table.cast(pa.schema([(field.name, kind(field.type)) for field in table.schema]))


def _sampled_groups(parquet: Any, rows: int) -> list[int]:
    about = parquet.metadata
    filled = [group for group in range(about.num_row_groups) if about.row_group(group).num_rows]
    return [filled[i] for i in spread(len(filled), min(GROUPS_SAMPLED, rows))]


def _head(parquet: Any, group: int, columns: list[str], rows: int) -> pa.Table:
    """Return rows at even distances from the beginning of a row group."""
    import pyarrow as pa

    read = parquet.iter_batches(rows * READ_PER_ROW, [group], columns, use_threads=False)
    table = pa.Table.from_batches([next(read)])
    positions = spread(table.num_rows, rows)
    return table if len(positions) == table.num_rows else table.take(positions)


def _visible(parquet: Any) -> list[str]:
    """Return a file's columns without the engine's own, which start with "__"."""
    return [name for name in parquet.schema_arrow.names if not name.startswith("__")]
