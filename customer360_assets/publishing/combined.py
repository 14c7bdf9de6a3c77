"""Many small files of one partition, published as one: a reader opens each file of a table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from customer360_assets.contracts.contract import Contract
from customer360_assets.publishing.lake_tables import candidate_dir
from customer360_assets.publishing.platform import Platform
from resources.files.opening import open_duckdb

MANY = 32
"""Files of a partition above which they are combined."""
MOST_BYTES = 256 << 20
"""Bytes of a partition that are written a second time at most: larger files are read well."""
PREFIX = "combined-"
"""How the folders of combined files begin; those that no snapshot shows may be deleted."""


def combined(
    platform: Platform,
    contract: Contract,
    by_date: Mapping[dt.date, Sequence[Path]],
    kept: Collection[dt.date],
    key: str,
) -> dict[dt.date, list[str]]:
    """Return the files of each date but the kept ones, many small ones rewritten as one.

    Their rows stay in their order. Files that lie only on S3 stay as they are: another worker has
    parsed them.
    """
    found = {date: [str(f) for f in files] for date, files in by_date.items() if date not in kept}
    return {
        date: [_one(platform, contract, files, f"{key}.{date}")] if _are_many(files) else files
        for date, files in found.items()
    }


def _are_many(files: Sequence[str]) -> bool:
    if len(files) <= MANY or not all(Path(file).is_file() for file in files):
        return False
    return sum(Path(file).stat().st_size for file in files) <= MOST_BYTES


def _one(platform: Platform, contract: Contract, files: Sequence[str], key: str) -> str:
    target = candidate_dir(platform, contract, f"{PREFIX}{key}") / "rows.parquet"
    with open_duckdb() as engine:
        engine.read_parquet(list(files), hive_partitioning=False).write_parquet(str(target))
    return str(target)
