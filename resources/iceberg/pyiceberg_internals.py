"""Every name that PyIceberg keeps to itself and this project needs, with the reason.

PyIceberg promises what its guide shows of catalogs, tables and scans. Names that begin with an
underscore, and the parts that it reads and writes files with, change between minor releases.
Nothing else imports them; `tests/lake/test_pyiceberg_internals.py` has a test of each name, which
fails when a release of PyIceberg changes it. Each is imported when it is asked for: the catalogs
bring clients that a home of one machine never needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyiceberg.avro.file import AvroFile, AvroOutputFile
    from pyiceberg.catalog.glue import GlueCatalog
    from pyiceberg.catalog.glue import _construct_table_input as construct_table_input
    from pyiceberg.catalog.sql import IcebergTables
    from pyiceberg.io.pyarrow import (
        StatisticsCollector,
        compute_statistics_plan,
        data_file_statistics_from_parquet_metadata,
        match_metrics_mode,
        parquet_path_to_id_mapping,
    )
    from pyiceberg.schema import assign_fresh_schema_ids
    from pyiceberg.serializers import FromInputFile, ToOutputFile
    from pyiceberg.table.update.snapshot import ExpireSnapshots
    from pyiceberg.table.update.snapshot import _SnapshotProducer as SnapshotProducer
    from pyiceberg.utils.datetime import days_to_date

__all__ = [
    "AvroFile",
    "AvroOutputFile",
    "ExpireSnapshots",
    "FromInputFile",
    "IcebergTables",
    "SnapshotProducer",
    "StatisticsCollector",
    "ToOutputFile",
    "assign_fresh_schema_ids",
    "compute_statistics_plan",
    "construct_table_input",
    "create_glue_table",
    "data_file_statistics_from_parquet_metadata",
    "days_to_date",
    "match_metrics_mode",
    "parquet_path_to_id_mapping",
]

PLACES: Mapping[str, str] = {
    # A moved home: manifests are read and written anew with the paths of the new place.
    "AvroFile": "pyiceberg.avro.file.AvroFile",
    "AvroOutputFile": "pyiceberg.avro.file.AvroOutputFile",
    # Snapshots are forgotten in a transaction of ours, which works the metadata out once.
    "ExpireSnapshots": "pyiceberg.table.update.snapshot.ExpireSnapshots",
    # Metadata is read once per file, and not at each opening of a table.
    "FromInputFile": "pyiceberg.serializers.FromInputFile",
    # The row of the SQL catalog that a table is opened from.
    "IcebergTables": "pyiceberg.catalog.sql.IcebergTables",
    # Files are removed and added in one snapshot; the public way leaves one between them.
    "SnapshotProducer": "pyiceberg.table.update.snapshot._SnapshotProducer",
    # Columns of an engine's own are left out of a file's statistics.
    "StatisticsCollector": "pyiceberg.io.pyarrow.StatisticsCollector",
    # Metadata of a table that Glue gets to know when it is written.
    "ToOutputFile": "pyiceberg.serializers.ToOutputFile",
    # Ids of a new table, as `create_table` assigns them.
    "assign_fresh_schema_ids": "pyiceberg.schema.assign_fresh_schema_ids",
    # Statistics of finished files, from their footers: `add_files` reads them one by one.
    "compute_statistics_plan": "pyiceberg.io.pyarrow.compute_statistics_plan",
    # The description of a table that Glue holds.
    "construct_table_input": "pyiceberg.catalog.glue._construct_table_input",
    "data_file_statistics_from_parquet_metadata": (
        "pyiceberg.io.pyarrow.data_file_statistics_from_parquet_metadata"
    ),
    # A partition's date, which a manifest has as days since 1970.
    "days_to_date": "pyiceberg.utils.datetime.days_to_date",
    "match_metrics_mode": "pyiceberg.io.pyarrow.match_metrics_mode",
    "parquet_path_to_id_mapping": "pyiceberg.io.pyarrow.parquet_path_to_id_mapping",
}
"""Where PyIceberg has each name that is handed on as it is."""

PROTECTED: Mapping[str, Mapping[str, str]] = {
    "GlueCatalog": {
        "_create_glue_table": "overridden: Glue refuses comments that PyIceberg sends",
        "_update_glue_table": "overridden: an answer that got lost is no conflict",
    },
    "PyArrowFileIO": {
        "_initialize_s3_fs": "overridden: Arrow's S3 client gets the credentials of boto3",
    },
    "SqlCatalog": {
        "_convert_orm_to_iceberg": "overridden: unchanged metadata is not parsed again",
    },
    "Transaction": {
        "_table": "the table before the transaction's changes",
        "_updates": "the staged changes: metadata is worked out again when there are others",
    },
    "_SnapshotProducer": {
        "_deleted_entries": "overridden: the entries of the files that are removed",
        "_existing_manifests": "overridden: the manifests that stay, small ones merged",
        "_snapshot_id": "the snapshot that removes the entries",
        "_transaction": "whose partition specification new manifests have",
    },
}
"""Members of the classes that this project extends, by class, with the reason."""


def __getattr__(name: str) -> Any:
    """Return a name of PyIceberg's, imported now."""
    if name not in PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, original = PLACES[name].rpartition(".")
    return getattr(import_module(module), original)


def create_glue_table(catalog: GlueCatalog, database: str, table: str, described: Any) -> None:
    """Create the Glue table of metadata that is written; the public way writes metadata itself."""
    catalog._create_glue_table(database, table, described)
