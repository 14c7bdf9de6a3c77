"""Iceberg metadata of tables that are made whole, without a catalog and without a copy."""

import time
from collections.abc import Mapping, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any

from resources.iceberg.candidate import Footer, footer_of, visible
from resources.iceberg.commit import transaction
from resources.protocols.lake_types import LakeError
from resources.side_by_side import side_by_side

if TYPE_CHECKING:
    from pyiceberg.io import FileIO
    from pyiceberg.manifest import DataFile
    from pyiceberg.partitioning import PartitionSpec
    from pyiceberg.schema import Schema
    from pyiceberg.table.metadata import TableMetadata


def new_metadata(
    schema: "Schema", location: str, properties: Mapping[str, str], spec: "PartitionSpec"
) -> "TableMetadata":
    """Return the metadata of an empty table; field ids stay as they are in the schema."""
    from pyiceberg.table.metadata import TableMetadataV2
    from pyiceberg.table.sorting import UNSORTED_SORT_ORDER

    names = {"schema.name-mapping.default": schema.name_mapping.model_dump_json()}
    described: dict[str, Any] = {
        "location": location,
        "last-updated-ms": int(time.time() * 1000),
        "last-column-id": schema.highest_field_id,
        "schemas": [schema],
        "current-schema-id": schema.schema_id,
        "partition-specs": [spec],
        "default-spec-id": spec.spec_id,
        "last-partition-id": spec.last_assigned_field_id,
        "sort-orders": [UNSORTED_SORT_ORDER],
        "default-sort-order-id": UNSORTED_SORT_ORDER.order_id,
        "properties": {**properties, **names},
    }
    return TableMetadataV2(**described)


def mounted(
    io: "FileIO", files: Sequence[str], location: str, columns: "Schema | None" = None
) -> "TableMetadata":
    """Return the metadata of a table that shows these files, its manifest written to `location`."""
    from pyiceberg.catalog.noop import NoopCatalog
    from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC
    from pyiceberg.table import Table

    if not files:
        raise LakeError("there are no files to mount")
    footers = dict(zip(files, side_by_side(lambda file: footer_of(io, file), files), strict=True))
    schema = _together({file: _columns(file, footer) for file, footer in footers.items()}, columns)
    metadata = new_metadata(schema, location, {}, UNPARTITIONED_PARTITION_SPEC)
    shown = [_described(file, footer) for file, footer in footers.items()]
    if not any(file.record_count for file in shown):
        return metadata
    table = Table(("mounted",), metadata, "", io, NoopCatalog("mounted"))
    change = transaction(table)
    with change.update_snapshot().fast_append() as append:
        for file in shown:
            if file.record_count:
                append.append_data_file(file)
    return change.table_metadata


def _columns(file: str, footer: Footer) -> dict[str, tuple[Any, int | None]]:
    """Return type and, if the file has one, field id of each of its columns by name."""
    from pyiceberg.io.pyarrow import UnsupportedPyArrowTypeException, pyarrow_to_schema
    from pyiceberg.table.name_mapping import NameMapping

    arrow = visible(footer.metadata.schema.to_arrow_schema())
    with_ids = any(b"PARQUET:field_id" in (field.metadata or {}) for field in arrow)
    numbered = [{"field-id": n, "names": [name]} for n, name in enumerate(arrow.names, 1)]
    names = NameMapping.model_validate(numbered)
    try:
        schema = pyarrow_to_schema(arrow, name_mapping=None if with_ids else names)
    except (UnsupportedPyArrowTypeException, ValueError) as problem:
        raise LakeError(f"{file} has a type that Iceberg has not: {problem}") from problem
    return {f.name: (f.field_type, f.field_id if with_ids else None) for f in schema.fields}


def _together(
    found: Mapping[str, Mapping[str, tuple[Any, int | None]]], wanted: "Schema | None"
) -> "Schema":
    """Return the schema of all files, with the files' ids; others are found by name."""
    from pyiceberg.exceptions import ResolveError
    from pyiceberg.schema import Schema, promote
    from pyiceberg.types import NestedField

    types = {field.name: field.field_type for field in wanted.fields} if wanted else {}
    ids: dict[str, int] = {}
    for file, columns in found.items():
        for name, (kind, field_id) in columns.items():
            if wanted and name not in types:
                continue
            have = types.setdefault(name, kind)
            try:
                types[name] = have if have == kind else _wider(promote, have, kind)
            except ResolveError:
                raise LakeError(f"{file} has {name} as {kind}, others as {have}") from None
            if field_id is not None and ids.setdefault(name, field_id) != field_id:
                raise LakeError(f"{file} has {name} under another field id than others")
    if len(set(ids.values())) < len(ids):
        raise LakeError("the files have one field id for two columns: they are of two tables")
    # Not the id of a column that is left out either: a reader would find that one's values.
    taken = {field_id for columns in found.values() for _, field_id in columns.values()}
    free = (number for number in count(1) if number not in taken)
    return Schema(
        *[
            NestedField(ids[name] if name in ids else next(free), name, kind, required=False)
            for name, kind in types.items()
        ]
    )


def _wider(promote: Any, have: Any, kind: Any) -> Any:
    from pyiceberg.exceptions import ResolveError

    try:
        return promote(have, kind)
    except ResolveError:
        return promote(kind, have)


def _described(file: str, footer: Footer) -> "DataFile":
    from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
    from pyiceberg.typedef import Record

    described = DataFile.from_args(
        content=DataFileContent.DATA,
        file_path=file,
        file_format=FileFormat.PARQUET,
        partition=Record(),
        record_count=footer.metadata.num_rows,
        file_size_in_bytes=footer.size,
    )
    described.spec_id = 0
    return described
