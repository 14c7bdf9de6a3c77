"""Which published records a candidate lacks, and which have no key to be looked for by."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from customer360_assets.contracts import contract
from customer360_assets.contracts.arrow import arrow_schema
from customer360_assets.contracts.audit import iceberg_schema
from customer360_assets.fates.withdrawn import withdrawn
from customer360_assets.publishing.platform import Platform
from customer360_assets.publishing.publish import Candidate
from customer360_assets.tables.partitions import Span
from resources.embedded.duckdb_engine import DuckDbEngine
from resources.iceberg.local_lake import LocalLake
from resources.protocols.lake_types import Partitions
from tests.fates.staging import DAY

STAGE = contract("stage.transaction")
PART = "trans_scope"


def written(folder: Path, ids: list[int], scope: str | None) -> str:
    """Write a file of transactions; without a scope as a release before that part of the key."""
    rows = [{"business_date": DAY, "trans_id": i, PART: scope} for i in ids]
    table = pa.Table.from_pylist(rows, arrow_schema(STAGE))
    path = folder / f"{len(ids)}.parquet"
    pq.write_table(table if scope else table.drop_columns([PART]), path)
    return str(path)


@pytest.mark.parametrize(("scope", "missing"), [("1", 2), (None, 0)])
def test_a_row_without_a_part_of_the_key_is_not_looked_for(
    tmp_path: Path, scope: str | None, missing: int
) -> None:
    assert PART in STAGE.key
    lake = LocalLake(f"sqlite:///{tmp_path}/catalog.db?timeout=60", tmp_path / "lake")
    schema = iceberg_schema(STAGE)
    older = schema if scope else type(schema)(*(f for f in schema.fields if f.name != PART))
    lake.ensure(STAGE.table, older, ("business_date",), "")
    old = written(lake.candidate_dir(STAGE.table, "old"), [1, 2, 3], scope)
    lake.publish(STAGE.table, [old], Partitions.on(DAY), {"run_id": "r"})
    lake.ensure(STAGE.table, schema, ("business_date",), "")
    new = written(lake.candidate_dir(STAGE.table, "new"), [1], "1")
    platform = cast(Platform, SimpleNamespace(sql=DuckDbEngine(threads=1), lake=lake))
    found = withdrawn(platform, Candidate(STAGE, [new], Span(DAY, DAY)), 0)
    assert (found.numbers, found.passed) == ({"withdrawn": missing}, not missing)
