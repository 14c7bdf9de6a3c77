"""Temporary Iceberg tables in Glue, for engines that read and write tables by name.

A candidate table is written by Athena, audited, and its files are then published to its target: it
has the target's own field ids and lies in the target's data folder, so nothing is written twice.
A mounted table shows any Parquet files. Both are metadata alone: dropping one deletes no file.
"""

import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from resources.account.errors import explained
from resources.iceberg.arrow_errors import lake_explained
from resources.iceberg.candidate import HIDDEN
from resources.iceberg.files import live_files
from resources.iceberg.glue_catalog import register
from resources.iceberg.glue_lake import GlueLake
from resources.iceberg.mounted_files import mounted, new_metadata
from resources.protocols.lake_types import RUN_ID, CommitConflictError, LakeError
from resources.protocols.sql_engine import Part
from resources.protocols.work import current_work

if TYPE_CHECKING:
    from pyiceberg.schema import Schema
    from pyiceberg.table.metadata import TableMetadata

PART = "__part"
"""The column that a candidate is partitioned by; no table of the lake has it."""
SEPARATOR = "__"
"""Between the values that make up a `__part`."""
_AT_ONCE = 100


@dataclass(frozen=True)
class CandidateTable:
    """A temporary table, "database.table", and the S3 address that its files lie under."""

    name: str
    location: str


def create_candidate(lake: GlueLake, table: str, key: str) -> CandidateTable:
    """Return a new, empty table with the current columns of `table`, and `__part`.

    key: the name of the candidate's folder. Files of it can be published to `table` as they are.
    """
    from pyiceberg.partitioning import PARTITION_FIELD_ID_START, PartitionField, PartitionSpec
    from pyiceberg.schema import Schema
    from pyiceberg.transforms import IdentityTransform
    from pyiceberg.types import NestedField, StringType

    if not re.fullmatch(r"[\w=-][\w.=-]*", key):
        raise LakeError(f"{key!r} is not the name of a candidate's folder")
    target = lake.load(table)
    part = NestedField(HIDDEN, PART, StringType(), required=False)
    field = PartitionField(HIDDEN, PARTITION_FIELD_ID_START, IdentityTransform(), PART)
    # Without descriptions: an engine that commits to Glue may send them whole, and Glue takes 255
    # bytes of each.
    columns = [column.model_copy(update={"doc": None}) for column in target.schema().fields]
    metadata = new_metadata(
        Schema(*columns, part),
        f"{target.location()}/data/{key}",
        {k: v for k, v in target.properties.items() if k.startswith("write.")},
        PartitionSpec(field),
    )
    name = _register(lake, f"candidate_{table.replace('.', '_')}", metadata)
    return CandidateTable(name, metadata.location)


def mount(lake: GlueLake, files: Sequence[str], columns: "Schema | None" = None) -> str:
    """Return "database.table": a new table that shows the rows of these Parquet files.

    Local files of the mirror are uploaded first. Without `columns` it has those of all files
    together; a column that a file lacks is NULL there. LakeError for files that cannot be one
    table.
    """
    from pyiceberg.io import load_file_io

    with lake_explained("mount", f"{len(files)} files"):
        adopted = lake.mirror.adopt(files)
        io = load_file_io(lake.catalog.properties, lake.names.temporary)
        place = f"{lake.names.temporary}/mounted/{uuid.uuid4().hex}"
        metadata = mounted(io, adopted, place, columns)
    return _register(lake, "mounted", metadata)


def parts_of(lake: GlueLake, candidate: CandidateTable, *, once: bool = False) -> tuple[Part, ...]:
    """Return what each file of a candidate table holds, from its manifests; by part and file.

    once: it was written once, or CommitConflictError: another INSERT has put the rows in again.
    """
    with lake_explained("read", f"Glue table {candidate.name}"):
        table = lake.catalog.load_table(candidate.name)
        if once and len(table.snapshots()) > 1:
            raise CommitConflictError(
                f"{candidate.name} holds its rows more than once: an INSERT reported as "
                "failed had been committed. Nothing was published; run it again"
            )
        found = [
            Part(
                () if file.partition[0] is None else tuple(file.partition[0].split(SEPARATOR)),
                file.file_path,
                file.record_count,
            )
            for file in live_files(table, table.current_snapshot())
        ]
    return tuple(sorted(found, key=lambda part: (part.values, part.file)))


def drop(lake: GlueLake, names: Iterable[str]) -> None:
    """Remove these temporary tables from Glue; their files stay. A missing one is no error."""
    database = lake.names.temporary_database
    tables = []
    for name in names:
        of, _, table = name.partition(".")
        if of != database:
            raise LakeError(f"{name} is not a temporary table")
        tables.append(table)
    with explained("drop temporary tables of", f"Glue database {database}"):
        for start in range(0, len(tables), _AT_ONCE):
            answer = lake.catalog.glue.batch_delete_table(
                DatabaseName=database, TablesToDelete=tables[start : start + _AT_ONCE]
            )
            for error in answer.get("Errors", ()):
                if error["ErrorDetail"]["ErrorCode"] != "EntityNotFoundException":
                    raise LakeError(f"Glue keeps {database}.{error['TableName']}: {error}")


def sweep(lake: GlueLake, older_than: datetime) -> list[str]:
    """Drop the temporary tables of before that time, which killed runs left; their names."""
    if older_than.tzinfo is None:
        raise LakeError("older_than needs a time zone")
    database = lake.names.temporary_database
    with explained("list the tables of", f"Glue database {database}"):
        pages = lake.catalog.glue.get_paginator("get_tables").paginate(DatabaseName=database)
        old = [
            f"{database}.{table['Name']}"
            for page in pages
            for table in page["TableList"]
            if table["CreateTime"] < older_than
        ]
    drop(lake, old)
    return sorted(old)


def _register(lake: GlueLake, kind: str, metadata: "TableMetadata") -> str:
    """Write the metadata and return the name under which Glue has it."""
    from pyiceberg.io import load_file_io

    from resources.iceberg.pyiceberg_internals import ToOutputFile

    database = lake.names.temporary_database
    table = f"{kind}_{uuid.uuid4().hex}"
    work = current_work()
    where = f"{metadata.location}/metadata/00000-{uuid.uuid4()}.metadata.json"
    with lake_explained("create", f"Glue table {database}.{table}"):
        io = load_file_io(lake.catalog.properties, where)
        ToOutputFile.table_metadata(metadata, io.new_output(where))
        tags = {RUN_ID: work.run_id} if work else {}
        register(lake.catalog, (database, table), metadata, where, tags)
    return f"{database}.{table}"
