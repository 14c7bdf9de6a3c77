"""Rows of a DuckDB connection into Parquet files: one, or one per partition."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from resources.embedded.duckdb_output import quoted, text
from resources.protocols.sql_engine import Part, SqlError

if TYPE_CHECKING:
    import duckdb

FILE = "part-0.parquet"


def copied(
    db: duckdb.DuckDBPyConnection, rows: str, folder: Path, params: Sequence[object] = ()
) -> int:
    """Write a query's rows to the folder's file; return how many."""
    target = text(str(folder / FILE))
    done = db.execute(
        f"COPY ({rows}) TO {target} (FORMAT parquet, COMPRESSION zstd)", list(params)
    ).fetchone()
    return int(done[0]) if done else 0


def partition_folder(output: Path, keys: Sequence[str], values: Sequence[object]) -> Path:
    """Return the folder of a partition: output/key=value/…."""
    return output.joinpath(*(f"{k}={v}" for k, v in zip(keys, values, strict=True)))


def copy_part(
    db: duckdb.DuckDBPyConnection,
    folder: Path,
    names: Sequence[str],
    keys: Sequence[str],
    values: Sequence[object],
    start: int,
    count: int,
) -> Part:
    """Write the partition that lies in `count` rows of candidate_rows from `start` on.

    SqlError when these rows are not exactly that partition's.
    """
    folder.mkdir(parents=True)
    columns = ", ".join(map(quoted, names))
    chosen = " AND ".join(f"{quoted(key)} = ${i}" for i, key in enumerate(keys, start=1))
    rows = copied(
        db,
        f"SELECT {columns} FROM candidate_rows"
        f" WHERE rowid >= {start} AND rowid < {start + count} AND {chosen}",
        folder,
        values,
    )
    if rows != count:
        raise SqlError(f"output: {folder.name} got {rows} of its {count} rows")
    return Part(tuple(map(str, values)), str(folder / FILE), rows)
