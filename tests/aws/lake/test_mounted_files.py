"""Any Parquet files as a temporary table: their rows, and nothing copied."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from resources.account.aws_names import AwsNames
from resources.iceberg.candidate_tables import PART, create_candidate, mount, parts_of
from resources.iceberg.glue_lake import GlueLake
from resources.protocols.lake import LakeError
from tests.aws.lake.glue_lake import SCHEMA_NAMES, evolved, insert, rows
from tests.lake.lake_writers import DAY, TABLE, Candidate


@pytest.fixture
def lake(aws: AwsNames, tmp_path: Path) -> GlueLake:
    return evolved(aws, tmp_path / "worker")


@pytest.fixture
def plain(lake: GlueLake) -> Iterator[list[str]]:
    """Two files without field ids, as DuckDB writes them, that only this worker has."""
    return iter(Candidate(lake)([0, 1], rows=2, generation=4))


def test_mounted_files_show_their_rows_and_nothing_is_copied(lake, plain):
    files = list(plain)
    name = mount(lake, files)
    table = lake.catalog.load_table(name)
    shown = table.scan().to_arrow().sort_by([("business_date", "ascending")])
    assert shown.column_names == SCHEMA_NAMES
    assert shown["business_date"].to_pylist() == [DAY(0), DAY(0), DAY(1), DAY(1)]
    assert shown["generation"].to_pylist() == [4] * 4
    assert {t.file.file_path for t in table.scan().plan_files()} == set(lake.mirror.adopt(files))
    assert name.startswith(f"{lake.names.temporary_database}.")
    assert table.location().startswith(f"{lake.names.temporary}/")


def test_files_with_field_ids_and_files_without_are_one_table(lake, plain):
    candidate = create_candidate(lake, TABLE, "run")
    insert(lake, candidate, rows(5, part="x", generation=9))
    (written,) = (p.file for p in parts_of(lake, candidate))
    shown = lake.catalog.load_table(mount(lake, [*plain, written])).scan().to_arrow()
    assert sorted(shown["generation"].to_pylist()) == [4, 4, 4, 4, 9]
    assert sorted(shown["card_token"].to_pylist()) == [
        "token0",
        "token0",
        "token1",
        "token1",
        "token5",
    ]
    assert PART not in shown.column_names


def test_only_the_columns_asked_for_are_shown(lake):
    from pyiceberg.schema import Schema
    from pyiceberg.types import LongType, NestedField, StringType

    candidate = create_candidate(lake, TABLE, "run")
    insert(lake, candidate, rows(5, part="x", generation=9))
    (written,) = (p.file for p in parts_of(lake, candidate))
    # Its own ids mean other columns in the file.
    wanted = Schema(NestedField(1, "generation", LongType()), NestedField(2, "new", StringType()))
    shown = lake.catalog.load_table(mount(lake, [written], wanted)).scan().to_arrow()
    assert shown.to_pydict() == {"generation": [9], "new": [None]}


def test_files_of_no_rows_are_a_table_of_no_rows(lake):
    shown = lake.catalog.load_table(mount(lake, [lake.empty_file(TABLE)])).scan().to_arrow()
    assert (shown.num_rows, shown.column_names) == (0, SCHEMA_NAMES)


def test_files_that_cannot_be_one_table_are_refused(lake, plain):
    folder = lake.candidate_dir(TABLE, "odd")
    odd = folder / "odd.parquet"
    pq.write_table(pa.table({"generation": ["text"]}), odd)
    with pytest.raises(LakeError, match=r"odd\.parquet has generation as string, others as long"):
        mount(lake, [*plain, str(odd)])
    with pytest.raises(LakeError, match="no files"):
        mount(lake, [])
    broken = folder / "broken.parquet"
    broken.write_bytes(b"PAR1")
    with pytest.raises(LakeError, match="not a readable Parquet file"):
        mount(lake, [str(broken)])


def test_narrower_integers_widen(lake):
    folder = lake.candidate_dir(TABLE, "wide")
    for name, kind in (("a", pa.int32()), ("b", pa.int64()), ("c", pa.int32())):
        pq.write_table(pa.table({"n": pa.array([1], kind)}), folder / f"{name}.parquet")
    shown = lake.catalog.load_table(mount(lake, [str(p) for p in sorted(folder.iterdir())]))
    assert shown.scan().to_arrow()["n"].to_pylist() == [1, 1, 1]


def test_no_value_of_a_customer_is_in_the_metadata_of_a_mounted_file(lake):
    folder = lake.candidate_dir(TABLE, "secret")
    pq.write_table(pa.table({"card_token": ["SECRET-TOKEN"]}), folder / "a.parquet")
    table = lake.catalog.load_table(mount(lake, [str(folder / "a.parquet")]))
    (manifest,) = table.current_snapshot().manifests(table.io)
    for path in (table.metadata_location, manifest.manifest_path):
        with table.io.new_input(path).open() as opened:
            assert b"SECRET" not in opened.read()
    (entry,) = manifest.fetch_manifest_entry(table.io)
    assert not entry.data_file.lower_bounds
    assert json.loads(table.metadata.model_dump_json())["location"] == table.location()
