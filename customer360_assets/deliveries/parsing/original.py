"""The original text of delivered records, from the archive."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from customer360_assets.contracts import contract
from customer360_assets.deliveries.formats.source import parquet_source
from customer360_assets.deliveries.formats.text import read_text
from customer360_assets.deliveries.parsing.delivery import Delivery
from customer360_assets.feeds.spec import FeedSpec
from resources.embedded.spill import work_folder
from resources.files.opening import open_duckdb
from resources.protocols.archive import Archive

if TYPE_CHECKING:
    import pyarrow as pa


def original_records(
    delivery: Delivery,
    spec: FeedSpec,
    archive: Archive,
    line_nos: Iterable[int],
    scratch_dir: Path,
) -> pa.Table:
    """Return (line_no bigint, record text) of the given lines of a delivery, by line number.

    The record is the line as delivered (of a Parquet file: the row as JSON). `scratch_dir` is where
    a compressed or transcoded file is unpacked meanwhile.
    """
    import pyarrow as pa

    wanted = pa.table({"line_no": pa.array(sorted(set(line_nos)), pa.int64())})
    content = archive.path(delivery.sha256)
    with (
        work_folder(scratch_dir) as scratch,
        open_duckdb(temp_directory=f"{scratch}/spill") as connection,
    ):
        if spec.format == "parquet":
            table = contract(f"raw.{spec.feed}")
            lines = parquet_source(content, delivery.sha256, spec, table, connection).sql
        else:
            lines = read_text(content, delivery.sha256, spec, scratch).sql()
        connection.register("wanted", wanted)
        found: pa.Table = connection.execute(
            "SELECT CAST(__line_no AS BIGINT) AS line_no, __record AS record"
            f" FROM ({lines}) JOIN wanted ON line_no = __line_no ORDER BY 1"
        ).to_arrow_table()
    return found
