"""What a lake is asked for and what it answers."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from resources.protocols.errors import ExplainedError

DATE_COLUMN = "business_date"
RUN_ID = "run_id"
"""The snapshot property that leads from a number back to its run."""


NO_PROPERTIES: Mapping[str, str] = MappingProxyType({})
READS = "customer360.reads"
"""The table property with a table's reading as-of a date: "snapshot" or "delta"."""


class LakeError(ExplainedError):
    """The lake cannot do what was asked; nothing was published."""


class MissingTableError(LakeError):
    """The table was never created."""


class DamagedFileError(LakeError):
    """A published file is missing or not as it was published; the partition is made again."""


class UnreadableTableError(LakeError):
    """A file of a table's metadata is missing or damaged: nobody knows which rows it shows."""

    def __init__(self, table: str, problem: str) -> None:
        super().__init__(
            f"{table}: its metadata cannot be read ({problem}). customer360 run makes the whole "
            "table anew from the archive; a backup of the home has its history, too."
        )
        self.problem = problem


class CommitConflictError(LakeError):
    """Other writers kept winning the table; nothing was published, the step may run again."""


@dataclass(frozen=True)
class TableInfo:
    """What the lake knows of a table without reading its rows.

    reads: how its contract reads it as-of a date, None for a table that an older release made.
    """

    description: str
    dated: bool
    reads: str | None
    rows: int


@dataclass(frozen=True)
class Damaged:
    """A published file that is missing or damaged; no date in a table that is not dated."""

    table: str
    date: date | None
    file: str
    problem: str

    def __str__(self) -> str:
        """Return the table, the business date and the file, with what is wrong."""
        where = f"{self.table} {self.date}" if self.date else self.table
        return f"{where}: the published file {self.file} {self.problem}"


@dataclass(frozen=True)
class Partitions:
    """A choice of whole partitions: all of them, an inclusive range, or a set of business dates.

    `where` narrows the choice by equality on further partition columns.
    """

    first: date | None = None
    last: date | None = None
    dates: frozenset[date] | None = None
    where: Mapping[str, object] = field(default_factory=dict)

    @classmethod
    def everything(cls, **where: object) -> "Partitions":
        """Every partition; the only choice that an unpartitioned table knows."""
        return cls(where=where)

    @classmethod
    def between(cls, first: date, last: date, **where: object) -> "Partitions":
        """The business dates from first to last, both included."""
        return cls(first=first, last=last, where=where)

    @classmethod
    def on(cls, *dates: date, **where: object) -> "Partitions":
        """These business dates."""
        return cls(dates=frozenset(dates), where=where)

    @property
    def dated(self) -> bool:
        """Return whether the choice names business dates."""
        return any(bound is not None for bound in (self.first, self.last, self.dates))

    def hold(self, partition: Mapping[str, object]) -> bool:
        """Return whether the partition with these values is one of them."""
        if any(partition[column] != value for column, value in self.where.items()):
            return False
        day = partition.get(DATE_COLUMN)
        if not isinstance(day, date):
            return not self.dated
        return (
            (self.first is None or self.first <= day)
            and (self.last is None or day <= self.last)
            and (self.dates is None or day in self.dates)
        )

    def check(self, table: str, partition_columns: Iterable[str]) -> None:
        """Raise LakeError when the table is not partitioned by what the choice names."""
        named = {*self.where, *([DATE_COLUMN] if self.dated else [])}
        if unknown := sorted(named - set(partition_columns)):
            raise LakeError(f"{table} is not partitioned by {', '.join(unknown)}")


class Slice(tuple[str, ...]):
    """Published files that know which rows of which table they are.

    An engine that reads files takes them as they are; one that reads tables by name (Athena) uses
    table, snapshot and dates instead. A plain list of the same files means the same rows.
    """

    table: str
    snapshot_id: int
    first: date | None
    last: date | None

    @classmethod
    def of(
        cls,
        files: Iterable[str],
        table: str,
        snapshot_id: int,
        first: date | None = None,
        last: date | None = None,
    ) -> "Slice":
        """The files of these business dates (None: no bound) in a snapshot of a table."""
        made = cls(files)
        made.table, made.snapshot_id, made.first, made.last = table, snapshot_id, first, last
        return made


@dataclass(frozen=True)
class Published:
    """What readers now see of the candidate: rows and files; no snapshot in an untouched table."""

    snapshot_id: int | None
    rows: int
    files: int


@dataclass(frozen=True)
class Snapshot:
    """One state of a table: total rows, what the step added and removed, and who made it."""

    snapshot_id: int
    parent_id: int | None
    committed_ms: int
    run_id: str | None
    operation: str
    rows: int
    added: int
    removed: int
    properties: Mapping[str, str]
    current: bool


def split(table: str) -> tuple[str, str]:
    """Schema and table of a name like "stage.card"; anything else is a LakeError."""
    match = re.fullmatch(r"([a-z][a-z0-9_]*)\.([a-z][a-z0-9_]*)", table)
    if match is None:
        raise LakeError(f"{table!r} is not a table name like stage.card")
    return match[1], match[2]
