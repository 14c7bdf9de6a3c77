"""The published files of a table, read from its manifests alone."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from resources.lake_types import LakeError

if TYPE_CHECKING:
    from pyiceberg.manifest import DataFile, ManifestEntry, ManifestFile
    from pyiceberg.table import Table
    from pyiceberg.table.snapshots import Snapshot


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


def entries_of(
    table: "Table", manifests: Iterable["ManifestFile"]
) -> dict["ManifestFile", list["ManifestEntry"]]:
    """What each manifest shows."""
    from pyiceberg.manifest import ManifestContent

    found = {}
    for manifest in manifests:
        if manifest.content != ManifestContent.DATA:
            raise LakeError(
                f"{'.'.join(table.name())} has row-level deletes: a file is not its rows"
            )
        found[manifest] = manifest.fetch_manifest_entry(table.io)
    return found


def live_files(table: "Table", snapshot: "Snapshot | None") -> Iterator["DataFile"]:
    """The data files of a snapshot; none without a snapshot."""
    manifests = snapshot.manifests(table.io) if snapshot else ()
    for entries in entries_of(table, manifests).values():
        yield from (entry.data_file for entry in entries)
