"""The published files of a table, read from its manifests alone."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from datetime import date
from threading import Lock
from typing import TYPE_CHECKING

from resources.protocols.lake_types import DATE_COLUMN, LakeError
from resources.side_by_side import side_by_side

if TYPE_CHECKING:
    from pyiceberg.manifest import DataFile, ManifestEntry, ManifestFile
    from pyiceberg.table import Table
    from pyiceberg.table.snapshots import Snapshot


KEPT = 256
"""How many manifests a process remembers: a table has less than 20, of up to 256 files each."""
_READ: OrderedDict[str, list["ManifestEntry"]] = OrderedDict()
_READING = Lock()


def partition_of(table: "Table", file: "DataFile") -> dict[str, object]:
    """The partition values of a data file by column, dates as dates."""
    from pyiceberg.types import DateType

    from resources.iceberg.pyiceberg_internals import days_to_date

    types = table.schema()
    values: dict[str, object] = {}
    for position, field in enumerate(table.specs()[file.spec_id].fields):
        value = file.partition[position]
        if value is not None and types.find_type(field.source_id) == DateType():
            value = days_to_date(value)
        values[field.name] = value
    return values


def date_of(table: "Table", file: "DataFile") -> date | None:
    """The business date of a data file; None in a table that is not dated."""
    found = partition_of(table, file).get(DATE_COLUMN)
    return found if isinstance(found, date) else None


def entries_of(
    table: "Table", manifests: Iterable["ManifestFile"]
) -> dict["ManifestFile", list["ManifestEntry"]]:
    """Return what each manifest shows."""
    from pyiceberg.manifest import ManifestContent

    listed = list(manifests)
    if any(manifest.content != ManifestContent.DATA for manifest in listed):
        raise LakeError(f"{'.'.join(table.name())} has row-level deletes: a file is not its rows")
    found = {manifest: _remembered(manifest) for manifest in listed}
    unread = [manifest for manifest, entries in found.items() if entries is None]
    read = side_by_side(lambda manifest: manifest.fetch_manifest_entry(table.io), unread)
    for manifest, entries in zip(unread, read, strict=True):
        found[manifest] = _remember(manifest, entries)
    return {manifest: entries or [] for manifest, entries in found.items()}


def _remembered(manifest: "ManifestFile") -> list["ManifestEntry"] | None:
    with _READING:
        if manifest.manifest_path in _READ:
            _READ.move_to_end(manifest.manifest_path)
        return _READ.get(manifest.manifest_path)


def _remember(manifest: "ManifestFile", entries: list["ManifestEntry"]) -> list["ManifestEntry"]:
    """Keep what a manifest shows: it never changes, and on S3 each costs two requests."""
    with _READING:
        _READ[manifest.manifest_path] = entries
        while len(_READ) > KEPT:
            _READ.popitem(last=False)
    return entries


def live_files(table: "Table", snapshot: "Snapshot | None") -> Iterator["DataFile"]:
    """The data files of a snapshot; none without a snapshot."""
    manifests = snapshot.manifests(table.io) if snapshot else ()
    for entries in entries_of(table, manifests).values():
        yield from (entry.data_file for entry in entries)
