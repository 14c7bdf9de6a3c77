"""Publication: candidate files take the place of partitions in one snapshot."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resources.lake_types import LakeError, Partitions, Published

if TYPE_CHECKING:
    from pyiceberg.manifest import DataFile, ManifestFile
    from pyiceberg.table import Table
    from pyiceberg.table.snapshots import Snapshot

# A reader opens every manifest, a writer copies those that it removes a file from: PyIceberg's
# own merging packs by bytes, which moves with every commit and copies nearly all of them.
MERGE_AT = 16
FULL_MANIFEST = 256


def partition_of(table: "Table", file: "DataFile") -> dict[str, object]:
    """The partition values of a data file by column, dates as dates."""
    from pyiceberg.types import DateType
    from pyiceberg.utils.datetime import days_to_date

    types = table.schema()
    values: dict[str, object] = {}
    for position, field in enumerate(table.specs()[file.spec_id].fields):
        value = file.partition[position]
        if value is not None and types.find_type(field.source_id) == DateType():
            value = days_to_date(value)
        values[field.name] = value
    return values


def live_files(table: "Table", snapshot: "Snapshot | None") -> Iterator["DataFile"]:
    """The data files of a snapshot; none without a snapshot."""
    return files_of(table, snapshot.manifests(table.io) if snapshot else ())


def files_of(table: "Table", manifests: Iterable["ManifestFile"]) -> Iterator["DataFile"]:
    """The data files that manifests show, from the manifests alone."""
    from pyiceberg.manifest import ManifestContent

    for manifest in manifests:
        if manifest.content != ManifestContent.DATA:
            raise LakeError(
                f"{'.'.join(table.name())} has row-level deletes, its files are not rows"
            )
        for entry in manifest.fetch_manifest_entry(table.io):
            yield entry.data_file


def describe(table: "Table", paths: Sequence[str]) -> list["DataFile"]:
    """Iceberg's description of candidate files, from their footers; files of no rows are left out.

    A file that lacks a column, has one too many or another type, or mixes partitions is a
    LakeError that names the file and the column.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq
    from pyiceberg.io.pyarrow import compute_statistics_plan, parquet_path_to_id_mapping

    schema = table.schema()
    plan = compute_statistics_plan(schema, table.properties)
    columns = parquet_path_to_id_mapping(schema)
    checked: list[pa.Schema] = []
    described = []
    for path in paths:
        try:
            footer = pq.read_metadata(path)
        except (OSError, pa.ArrowInvalid) as problem:
            raise LakeError(f"{path} is not a readable Parquet file") from problem
        arrow = footer.schema.to_arrow_schema()
        if not any(arrow.equals(known) for known in checked):
            _check_schema(table, path, arrow)
            checked.append(arrow)
        if footer.num_rows:
            described.append(_describe_file(table, path, footer, plan, columns))
    return described


def _check_schema(table: "Table", path: str, arrow: Any) -> None:
    """Names, types and field ids equal the table's: readers take the files as they are."""
    from pyiceberg.io.pyarrow import UnsupportedPyArrowTypeException, pyarrow_to_schema

    schema = table.schema()
    for problem, names in (
        ("lacks", set(schema.column_names) - set(arrow.names)),
        ("has, and the table has not,", set(arrow.names) - set(schema.column_names)),
    ):
        if names:
            raise LakeError(f"{path} {problem} column {', '.join(sorted(names))}")
    try:
        given = pyarrow_to_schema(arrow, name_mapping=schema.name_mapping)
    except (UnsupportedPyArrowTypeException, ValueError) as problem:
        raise LakeError(f"{path} has a type that Iceberg has not: {problem}") from problem
    for field in schema.fields:
        found = given.find_field(field.name)
        if (found.field_id, found.field_type) != (field.field_id, field.field_type):
            raise LakeError(
                f"{path} has {field.name} as {found.field_type} (field id {found.field_id}), "
                f"the table as {field.field_type} (field id {field.field_id})"
            )


def _describe_file(
    table: "Table", path: str, footer: Any, plan: Any, columns: dict[str, int]
) -> "DataFile":
    from pyiceberg.io.pyarrow import data_file_statistics_from_parquet_metadata
    from pyiceberg.manifest import DataFile, DataFileContent, FileFormat

    statistics = data_file_statistics_from_parquet_metadata(footer, plan, columns)
    try:
        partition = statistics.partition(table.spec(), table.schema())
    except ValueError as problem:
        raise LakeError(f"{path} has rows of more than one partition") from problem
    for position, field in enumerate(table.spec().fields):
        if partition[position] is None or statistics.null_value_counts.get(field.source_id, 1):
            raise LakeError(f"{path} has rows without {field.name}, or no statistics of it")
    serialized = statistics.to_serialized_dict()
    # Sizes of every column would be most of a manifest, and nothing here reads them.
    serialized["column_sizes"] = {}
    described = DataFile.from_args(
        content=DataFileContent.DATA,
        file_path=path,
        file_format=FileFormat.PARQUET,
        partition=partition,
        file_size_in_bytes=Path(path).stat().st_size,
        sort_order_id=None,
        equality_ids=None,
        key_metadata=None,
        **serialized,
    )
    described.spec_id = table.spec().spec_id
    return described


def check_inside(table: "Table", files: Sequence["DataFile"], replace: Partitions) -> None:
    """Raise LakeError for a file with rows outside the partitions that are replaced."""
    for file in files:
        values = partition_of(table, file)
        if not replace.hold(values):
            shown = ", ".join(f"{column} {value}" for column, value in values.items())
            raise LakeError(f"{file.file_path} has rows of {shown}, which is not being replaced")


def commit(
    table: "Table", files: Sequence["DataFile"], replace: Partitions, properties: Mapping[str, str]
) -> Published:
    """Swap the chosen partitions' files for these, or raise CommitFailedException."""
    current = {
        file.file_path: file
        for file in live_files(table, table.current_snapshot())
        if replace.hold(partition_of(table, file))
    }
    given = {file.file_path for file in files}
    added = [file for file in files if file.file_path not in current]
    removed = [file for path, file in current.items() if path not in given]
    if added or removed:
        transaction = table.transaction()
        with _producer(transaction, bool(added), bool(removed), properties) as snapshot:
            for file in added:
                snapshot.append_data_file(file)
            for file in removed:
                snapshot.delete_data_file(file)
        table = transaction.commit_transaction()
    state = table.current_snapshot()
    return Published(
        snapshot_id=state.snapshot_id if state else None,
        rows=sum(file.record_count for file in files),
        files=len(files),
    )


def _producer(transaction: Any, adds: bool, removes: bool, properties: Mapping[str, str]) -> Any:
    """PyIceberg's overwrite by file, which adds and removes in one snapshot, with manifests merged.

    A delete and an append in one transaction commit together too, but leave a snapshot
    between them in the history that shows neither the old partition nor the new.
    """
    from pyiceberg.expressions import AlwaysTrue
    from pyiceberg.manifest import ManifestFile
    from pyiceberg.table.snapshots import Operation
    from pyiceberg.table.update.snapshot import _OverwriteFiles

    class Replace(_OverwriteFiles):
        def _process_manifests(self, manifests: list[ManifestFile]) -> list[ManifestFile]:
            new = [m for m in manifests if m.added_snapshot_id == self._snapshot_id]
            live = [m for m in manifests if m not in new and _live_count(m)]
            small = [m for m in live if _live_count(m) < FULL_MANIFEST]
            if len(small) < MERGE_AT:
                return new + live
            with self.new_manifest_writer(self._transaction.table_metadata.spec()) as writer:
                for manifest in small:
                    for entry in manifest.fetch_manifest_entry(self._io):
                        writer.existing(entry)
            return [*new, writer.to_manifest_file(), *(m for m in live if m not in small)]

    operation = Operation.OVERWRITE if adds and removes else Operation.DELETE
    producer = Replace(
        Operation.APPEND if not removes else operation,
        transaction,
        transaction._table.io,
        snapshot_properties=dict(properties),
    )
    # Without a predicate, no manifest of an unpartitioned table is searched for removed files.
    producer.delete_by_predicate(AlwaysTrue())
    return producer


def _live_count(manifest: "ManifestFile") -> int:
    return (manifest.added_files_count or 0) + (manifest.existing_files_count or 0)
