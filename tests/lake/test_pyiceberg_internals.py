"""What this project knows of PyIceberg's private names: a release that changes one fails here."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat, ManifestEntryStatus
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC
from pyiceberg.schema import Schema
from pyiceberg.table import Table, Transaction
from pyiceberg.table.snapshots import Operation
from pyiceberg.typedef import Record
from pyiceberg.types import IntegerType, NestedField, StringType

from resources.iceberg import pyiceberg_internals as internals
from tests.structure.shapes import shape

SHAPES = {
    "AvroFile": "input_file read_schema= read_types= read_enums=",
    "AvroOutputFile": "output_file file_schema schema_name record_schema= metadata=",
    "ExpireSnapshots": "transaction",
    "IcebergTables": (
        "catalog_name table_namespace table_name metadata_location previous_metadata_location"
    ),
    "SnapshotProducer": "operation transaction io commit_uuid= snapshot_properties= branch=",
    "StatisticsCollector": "field_id iceberg_type mode column_name",
    "assign_fresh_schema_ids": "schema_or_type next_id=",
    "compute_statistics_plan": "schema table_properties",
    "construct_table_input": (
        "table_name metadata_location properties metadata glue_table= prev_metadata_location="
    ),
    "data_file_statistics_from_parquet_metadata": (
        "parquet_metadata stats_columns parquet_column_mapping"
    ),
    "days_to_date": "days",
    "match_metrics_mode": "mode",
    "parquet_path_to_id_mapping": "schema",
}
MEMBERS = {
    (GlueCatalog, "_create_glue_table"): "self database_name table_name table_input",
    (GlueCatalog, "_update_glue_table"): "self database_name table_name table_input version_id",
    (PyArrowFileIO, "_initialize_s3_fs"): "self netloc",
    (SqlCatalog, "_convert_orm_to_iceberg"): "self orm_table",
    (internals.SnapshotProducer, "_deleted_entries"): "self",
    (internals.SnapshotProducer, "_existing_manifests"): "self",
}
SCHEMA = Schema(
    NestedField(7, "name", StringType(), required=False),
    NestedField(9, "size", IntegerType(), required=False),
)


class Glue:
    """Takes the requests to Glue, and shows the tables."""

    def __init__(self) -> None:
        self.tables: dict[str, Any] = {}

    def create_table(self, DatabaseName: str, TableInput: Any, **_: Any) -> None:  # noqa: N803
        self.tables[TableInput["Name"]] = {**TableInput, "DatabaseName": DatabaseName}


@pytest.fixture
def catalog(tmp_path: Path) -> SqlCatalog:
    found = SqlCatalog("some", uri=f"sqlite:///{tmp_path}/c.db", warehouse=f"file://{tmp_path}/w")
    found.create_namespace("here")
    return found


@pytest.fixture
def table(catalog: SqlCatalog) -> Table:
    return catalog.create_table("here.some", SCHEMA)


def _file(path: str) -> DataFile:
    made = DataFile.from_args(
        content=DataFileContent.DATA, file_path=path, file_format=FileFormat.PARQUET,
        partition=Record(), record_count=1, file_size_in_bytes=10,
    )  # fmt: skip
    made.spec_id = UNPARTITIONED_PARTITION_SPEC.spec_id
    return made


@pytest.mark.parametrize("name", SHAPES)
def test_shape(name: str) -> None:
    assert shape(getattr(internals, name)) == SHAPES[name]


@pytest.mark.parametrize(("owner", "member"), MEMBERS)
def test_member(owner: type, member: str) -> None:
    assert shape(getattr(owner, member)) == MEMBERS[owner, member]


@pytest.mark.parametrize("name", ["FromInputFile", "ToOutputFile"])
def test_metadata_is_written_and_read(table: Table, tmp_path: Path, name: str) -> None:
    file = f"file://{tmp_path}/{name}.metadata.json"
    internals.ToOutputFile.table_metadata(table.metadata, table.io.new_output(file))
    assert internals.FromInputFile.table_metadata(table.io.new_input(file)) == table.metadata


@pytest.mark.parametrize("name", ["AvroFile", "AvroOutputFile"])
def test_a_manifest_list_is_written_as_it_was_read(table: Table, tmp_path: Path, name: str) -> None:
    with table.transaction() as change, change.update_snapshot().fast_append() as append:
        append.append_data_file(_file(f"file://{tmp_path}/a.parquet"))
    snapshot = table.current_snapshot()
    assert snapshot is not None
    with internals.AvroFile[Any](table.io.new_input(snapshot.manifest_list)) as source:
        records, schema, meta = list(source), source.schema, dict(source.header.meta)
    copy = f"file://{tmp_path}/{name}.avro"
    output = table.io.new_output(copy)
    with internals.AvroOutputFile[Any](output, schema, "manifest_file", metadata=meta) as target:
        target.write_block(records)
    with internals.AvroFile[Any](table.io.new_input(copy)) as source:
        assert list(source) == records
        # The public way to a record's values, which are changed in place.
        values = [records[0][position] for position in range(len(records[0]))]
        assert values[0].endswith(".avro")


def test_the_table_of_a_row(catalog: SqlCatalog, table: Table) -> None:
    rows = []

    class Recorded(SqlCatalog):
        def _convert_orm_to_iceberg(self, orm_table: Any) -> Table:
            rows.append(orm_table)
            return super()._convert_orm_to_iceberg(orm_table)

    again = Recorded("some", **catalog.properties)
    assert again.load_table("here.some").metadata == table.metadata
    (row,) = rows
    assert isinstance(row, internals.IcebergTables)
    found = (row.table_namespace, row.table_name, row.metadata_location)
    assert found == ("here", "some", table.metadata_location)


def test_files_are_swapped_in_one_snapshot(table: Table, tmp_path: Path) -> None:
    old, new = (f"file://{tmp_path}/{name}.parquet" for name in ("old", "new"))
    with table.transaction() as change, change.update_snapshot().fast_append() as append:
        append.append_data_file(_file(old))
    snapshot = table.current_snapshot()
    assert snapshot is not None
    (manifest,) = snapshot.manifests(table.io)
    (entry,) = manifest.fetch_manifest_entry(table.io)
    asked = []

    class Swap(internals.SnapshotProducer["Swap"]):
        def _deleted_entries(self) -> list[Any]:
            asked.append("deleted")
            assert self._snapshot_id not in {s.snapshot_id for s in table.snapshots()}
            entry.status, entry.snapshot_id = ManifestEntryStatus.DELETED, self._snapshot_id
            return [entry]

        def _existing_manifests(self) -> list[Any]:
            asked.append("existing")
            assert self._transaction.table_metadata.spec() == table.spec()
            return []

    change = table.transaction()
    with Swap(Operation.OVERWRITE, change, table.io, snapshot_properties={"a": "b"}) as swap:
        swap.append_data_file(_file(new))
        swap.delete_data_file(entry.data_file)
    change.commit_transaction()
    assert set(asked) == {"deleted", "existing"}
    assert len(table.snapshots()) == 2
    assert [task.file.file_path for task in table.scan().plan_files()] == [new]


def test_a_transactions_table_and_updates(table: Table) -> None:
    change = Transaction(table)
    assert change._table is table
    before = change._updates
    assert before == ()
    change.set_properties(a="b")
    # Updates are replaced and never changed in place: another identity shows that there are others.
    assert change._updates is not before
    assert change.table_metadata.properties["a"] == "b"


def test_expire_snapshots(table: Table, tmp_path: Path) -> None:
    for name in ("a", "b"):
        with table.transaction() as change, change.update_snapshot().fast_append() as append:
            append.append_data_file(_file(f"file://{tmp_path}/{name}.parquet"))
    old, new = (snapshot.snapshot_id for snapshot in table.snapshots())
    with table.transaction() as change:
        internals.ExpireSnapshots(change).by_ids([old]).commit()
    assert [snapshot.snapshot_id for snapshot in table.snapshots()] == [new]


def test_statistics_of_a_file(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(
        pa.table({"name": ["x", None], "size": pa.array([2, 5], "int32")}), tmp_path / "a.parquet"
    )
    plan = internals.compute_statistics_plan(SCHEMA, {})
    assert set(plan) == {7, 9}
    assert isinstance(plan[7], internals.StatisticsCollector)
    columns = internals.parquet_path_to_id_mapping(SCHEMA)
    assert columns == {"name": 7, "size": 9}
    footer = pq.read_metadata(tmp_path / "a.parquet")
    found = internals.data_file_statistics_from_parquet_metadata(footer, plan, columns)
    assert found.record_count == 2
    assert found.null_value_counts == {7: 1, 9: 0}


def test_statistics_of_no_column() -> None:
    assert internals.match_metrics_mode("none").type.value == "none"


def test_fresh_ids_begin_with_1() -> None:
    assert [field.field_id for field in internals.assign_fresh_schema_ids(SCHEMA).fields] == [1, 2]


def test_days_to_date() -> None:
    assert internals.days_to_date(-1) == dt.date(1969, 12, 31)


@pytest.mark.parametrize("name", ["construct_table_input", "create_glue_table"])
def test_a_table_of_glue(table: Table, name: str) -> None:
    glue = Glue()
    catalog = GlueCatalog("some", client=glue)  # type: ignore[arg-type]
    location = table.metadata_location
    described = internals.construct_table_input("some", location, {"a": "b"}, table.metadata)
    internals.create_glue_table(catalog, "here", "some", described)
    made = glue.tables["some"]
    assert made["DatabaseName"] == "here"
    assert made["Parameters"]["metadata_location"] == location
    assert made["Parameters"]["a"] == "b"
    columns = [column["Name"] for column in made["StorageDescriptor"]["Columns"]]
    assert columns == ["name", "size"]


def test_a_file_on_s3_is_opened_by_the_hook() -> None:
    opened = []

    class Recorded(PyArrowFileIO):
        def _initialize_s3_fs(self, netloc: str | None) -> Any:
            opened.append(netloc)

    Recorded({}).fs_by_scheme("s3", "bucket")
    assert opened == ["bucket"]


def test_every_name_has_a_test() -> None:
    behaviour = {"FromInputFile", "ToOutputFile", "create_glue_table"}
    assert set(internals.__all__) == {*SHAPES, *behaviour}
    listed = {f"{c}.{m}" for c, members in internals.PROTECTED.items() for m in members}
    tested = {f"{owner.__name__}.{member}" for owner, member in MEMBERS}
    tested |= {"Transaction._table", "Transaction._updates"}
    tested |= {"_SnapshotProducer._snapshot_id", "_SnapshotProducer._transaction"}
    assert listed == tested
