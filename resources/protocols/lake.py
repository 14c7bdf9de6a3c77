"""The lake: Iceberg tables that engines write candidates for and read published files from."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from resources.protocols.lake_types import (
    DATE_COLUMN,
    NO_PROPERTIES,
    RUN_ID,
    CommitConflictError,
    Damaged,
    DamagedFileError,
    LakeError,
    MissingTableError,
    Partitions,
    Published,
    Slice,
    Snapshot,
    TableInfo,
)

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.schema import Schema

__all__ = [
    "DATE_COLUMN",
    "RUN_ID",
    "CommitConflictError",
    "Damaged",
    "DamagedFileError",
    "Lake",
    "LakeError",
    "MissingTableError",
    "Partitions",
    "Published",
    "Slice",
    "Snapshot",
    "TableInfo",
]


class Lake(Protocol):
    """Tables by name ("stage.card"), partitioned by business date; readers see whole snapshots."""

    def ensure(
        self,
        table: str,
        schema: "Schema",
        partition_columns: tuple[str, ...] = (DATE_COLUMN,),
        comment: str = "",
        properties: Mapping[str, str] = NO_PROPERTIES,
    ) -> None:
        """Create or evolve the table to these columns, in this order, with their descriptions.

        Columns are added, dropped (from the table, not from its files) and widened where Iceberg
        can; LakeError names the column where it cannot.
        """

    def tables(self) -> list[str]:
        """The names of all tables."""

    def info(self, table: str) -> TableInfo:
        """The table's description, how it is read and its rows, of all dates; from metadata."""

    def candidate_dir(self, table: str, key: str) -> Path:
        """A new, empty folder for a candidate's files; a used key gets a number behind it."""

    def publish(
        self,
        table: str,
        files: Sequence[str],
        replace: Partitions,
        properties: Mapping[str, str],
    ) -> Published:
        """Replace the chosen partitions by candidate files, in one atomic step.

        No files empties them; the same files again do nothing. LakeError, and nothing
        published, for files that do not fit the table or the choice.
        """

    def files(
        self,
        table: str,
        first: date | None = None,
        last: date | None = None,
        dates: Iterable[date] | None = None,
        snapshot_id: int | None = None,
    ) -> Sequence[str]:
        """Paths of the published Parquet files, by business date; of an older snapshot if named.

        DamagedFileError for one that is not as it was published.
        """

    def batches(
        self, table: str, first: date | None = None, last: date | None = None
    ) -> "Iterator[pa.RecordBatch]":
        """The published rows in order of business date and file, a few thousand at a time."""

    def sample(self, table: str, files: Sequence[str], rows: int) -> "pa.Table":
        """Return at most `rows` rows of files, published or not; the same ones each time.

        Only a bounded part of the files is read, see `parquet.sample`.
        """

    def damaged(self) -> Sequence[Damaged]:
        """Published files that are missing, of another size, or were found damaged by a reader.

        No file is read for it. A store that keeps its objects whole by itself has none.
        """

    def with_columns(self, table: str, files: Sequence[str]) -> Sequence[str]:
        """Published files in which a query finds every column of the table.

        With an empty file where they may be older than a column, which is NULL in them.
        """

    def unreadable(self) -> Mapping[str, str]:
        """Tables whose metadata is missing or damaged, and what is wrong with each."""

    def forget(self, table: str) -> None:
        """Remove an unreadable table from the catalog; no file of it is deleted."""

    def renew(self, files: Sequence[str]) -> None:
        """Mark files that will be rewritten under the same names as not published."""

    def bytes(self, files: Sequence[str]) -> int:
        """The size of files of the lake, published or not."""

    def discard(self, files: Sequence[str]) -> None:
        """Delete files of a candidate that will never be published."""

    def empty_file(self, table: str) -> str:
        """A Parquet file of no rows with the table's columns, for a table without files."""

    def dates(
        self, table: str, first: date | None = None, last: date | None = None
    ) -> dict[date, int]:
        """Rows by published business date, ascending; from metadata alone."""

    def newest(self, table: str, on_or_before: date) -> date | None:
        """The newest published business date up to this one."""

    def history(self, table: str) -> list[Snapshot]:
        """The table's snapshots, oldest first."""

    def rollback(self, table: str, snapshot_id: int) -> None:
        """Make a snapshot of the history, older or newer, the current one."""

    def expire(self, table: str, keep_last: int) -> list[int]:
        """Forget all but the newest snapshots, never the current one; the ids forgotten."""

    def remove_orphans(self, table: str, older_than: datetime, keys: str = "") -> list[str]:
        """Delete candidate files of before that time which no snapshot shows; their paths.

        keys: how the keys of the candidates begin.
        """
