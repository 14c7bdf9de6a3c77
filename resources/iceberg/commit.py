"""Publication: candidate files take the place of partitions in one snapshot."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from resources.iceberg.files import entries_of, partition_of
from resources.protocols.lake_types import Partitions, Published

if TYPE_CHECKING:
    from pyiceberg.io import FileIO
    from pyiceberg.manifest import DataFile, ManifestEntry, ManifestFile
    from pyiceberg.table import Table, Transaction

# A reader opens every manifest, a writer copies those that it removes a file from. PyIceberg's
# own merging packs by bytes, which moves with every commit and copies nearly all of them.
MERGE_AT = 16
FULL_MANIFEST = 256


def commit(
    table: "Table", files: Sequence["DataFile"], replace: Partitions, properties: Mapping[str, str]
) -> Published:
    """Swap the chosen partitions' files for these, or raise CommitFailedException."""
    state = table.current_snapshot()
    shown = entries_of(table, state.manifests(table.io) if state else ())
    current = {
        entry.data_file.file_path: entry.data_file.file_size_in_bytes
        for entries in shown.values()
        for entry in entries
        if replace.hold(partition_of(table, entry.data_file))
    }
    # A file that was written anew under its name is another one.
    added = [file for file in files if current.get(file.file_path) != file.file_size_in_bytes]
    again = {file.file_path for file in files} - {file.file_path for file in added}
    removed = current.keys() - again
    if added or removed:
        swap = transaction(table)
        _stage(swap, table.io, shown, added, removed, properties)
        state = swap.commit_transaction().current_snapshot()
    return Published(
        snapshot_id=state.snapshot_id if state else None,
        rows=sum(file.record_count for file in files),
        files=len(files),
    )


def transaction(table: "Table") -> "Transaction":
    """A transaction that works out the table's metadata once for each staged change.

    PyIceberg copies all of it, every snapshot included, at each look: sixteen times a commit.
    """
    from pyiceberg.table import Transaction
    from pyiceberg.table.metadata import TableMetadata

    class Quick(Transaction):
        _seen: tuple[object, TableMetadata] | None = None

        @property
        def table_metadata(self) -> TableMetadata:
            if self._seen is None or self._seen[0] is not self._updates:
                metadata = super().table_metadata if self._updates else self._table.metadata
                self._seen = (self._updates, metadata)
            return self._seen[1]

    return Quick(table)


def _stage(
    transaction: "Transaction",
    io: "FileIO",
    shown: Mapping["ManifestFile", list["ManifestEntry"]],
    added: Sequence["DataFile"],
    removed: set[str],
    properties: Mapping[str, str],
) -> None:
    """Stage one snapshot with these files added and removed.

    PyIceberg's delete and append commit together too, but leave a snapshot between them in
    the history, which shows neither the old partition nor the new.
    """
    from pyiceberg.manifest import ManifestEntry, ManifestEntryStatus, ManifestFile
    from pyiceberg.table.snapshots import Operation

    from resources.iceberg.pyiceberg_internals import SnapshotProducer

    gone = [e for es in shown.values() for e in es if e.data_file.file_path in removed]
    touched = {m for m, es in shown.items() if any(e.data_file.file_path in removed for e in es)}
    small = {m for m, es in shown.items() if 0 < len(es) < FULL_MANIFEST} - touched
    copied = touched | (small if len(small) >= MERGE_AT else set())

    class Swap(SnapshotProducer["Swap"]):
        def _deleted_entries(self) -> list[ManifestEntry]:
            return [
                ManifestEntry.from_args(
                    status=ManifestEntryStatus.DELETED,
                    snapshot_id=self._snapshot_id,
                    sequence_number=entry.sequence_number,
                    file_sequence_number=entry.file_sequence_number,
                    data_file=entry.data_file,
                )
                for entry in gone
            ]

        def _existing_manifests(self) -> list[ManifestFile]:
            kept = [manifest for manifest, es in shown.items() if es and manifest not in copied]
            stay = [e for m in copied for e in shown[m] if e.data_file.file_path not in removed]
            stay.sort(key=lambda entry: entry.data_file.file_path)
            for start in range(0, len(stay), FULL_MANIFEST):
                with self.new_manifest_writer(self._transaction.table_metadata.spec()) as writer:
                    for entry in stay[start : start + FULL_MANIFEST]:
                        writer.existing(entry)
                kept.append(writer.to_manifest_file())
            return kept

    operation = Operation.OVERWRITE if added else Operation.DELETE
    with Swap(
        operation if gone else Operation.APPEND,
        transaction,
        io,
        snapshot_properties=dict(properties),
    ) as swap:
        for file in added:
            swap.append_data_file(file)
        for entry in gone:
            swap.delete_data_file(entry.data_file)
