"""The rows of raw.delivery as a candidate file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from customer360_assets.contracts.arrow import arrow_schema
from customer360_assets.contracts.contract import Contract


def write_manifest(rows: Sequence[dict[str, Any]], contract: Contract, output: Path) -> list[str]:
    """Write the manifest to one Parquet file with the contract's types; give its path."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not rows:
        return []
    output.mkdir(parents=True, exist_ok=True)
    path = output / "manifest.parquet"
    pq.write_table(
        pa.Table.from_pylist(list(rows), schema=arrow_schema(contract)), path, compression="zstd"
    )
    return [str(path)]
