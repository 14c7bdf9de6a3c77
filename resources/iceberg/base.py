"""What every lake of Iceberg tables does alike, wherever its files and its catalog are."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resources.files import parquet
from resources.iceberg import candidate as lake_candidate
from resources.iceberg import commit as lake_commit
from resources.iceberg import schema as lake_schema
from resources.iceberg import sweep as lake_sweep
from resources.iceberg.catalog import Place, committed, load
from resources.iceberg.files import live_files, partition_of
from resources.protocols.lake_types import (
    DATE_COLUMN,
    NO_PROPERTIES,
    READS,
    RUN_ID,
    LakeError,
    Partitions,
    Published,
    Slice,
    Snapshot,
    TableInfo,
)

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.catalog import Catalog
    from pyiceberg.schema import Schema
    from pyiceberg.table import Table
    from pyiceberg.table.snapshots import Snapshot as State


READ = "read"


class IcebergLake(ABC):
    """A `Lake` of PyIceberg; a subclass says where tables, files and candidates are."""

    @cached_property
    def _catalog(self) -> "Catalog":
        """The catalog, opened when first used."""
        return self._open_catalog()

    @abstractmethod
    def _open_catalog(self) -> "Catalog":
        """Return the catalog."""

    @abstractmethod
    def _place(self, table: str) -> Place:
        """Return the place of the table; LakeError for an invalid table name."""

    @abstractmethod
    def _make_namespace(self, schema: str) -> None:
        """Create the schema in the catalog, if that is the lake's task."""

    @abstractmethod
    def _turn(self, table: str) -> AbstractContextManager[None]:
        """Wait until this writer may change the table."""

    @abstractmethod
    def _claim(self, table: str, name: str) -> Path | None:
        """Return a new, empty folder for candidates; None if the name is taken."""

    @abstractmethod
    def _own(self, table: str, files: Sequence[str]) -> list[str]:
        """Return the files as the table will name them; LakeError for one of another place."""

    @staticmethod
    def _path(named: str) -> str:
        """Return what engines open of a file that a table names."""
        return named

    def _opener(self, table: str) -> Callable[[str], Any]:
        """Return what opens a file of the table by its path."""
        io = self.load(table).io
        return lambda file: io.new_input(file).open()

    @abstractmethod
    def _orphaned(self, table: str, files: set[str]) -> None:
        """Start counting the age of these files, as orphans, from now."""

    @abstractmethod
    def _record(self, table: str, files: Sequence[str]) -> None:
        """Record what files are before they are shown."""

    @abstractmethod
    def _verify(self, table: str, files: Sequence[str], snapshot_id: int | None = None) -> None:
        """Raise DamagedFileError for a file that is not as it was recorded."""

    def _explained(self, action: str, table: str) -> AbstractContextManager[None]:
        """Explain failures of the underlying storage to the user; a subclass overrides it."""
        return nullcontext()

    def load(self, table: str) -> "Table":
        """Return the current Iceberg table; MissingTableError if it was never created."""
        place = self._place(table)
        with self._explained(READ, table):
            return load(self._catalog, place.identifier, table)

    def ensure(
        self,
        table: str,
        schema: "Schema",
        partition_columns: tuple[str, ...] = (DATE_COLUMN,),
        comment: str = "",
        properties: Mapping[str, str] = NO_PROPERTIES,
    ) -> None:
        """See `Lake.ensure`. Two processes may do it at once."""
        place = self._place(table)
        with self._explained("create or change", table):
            lake_schema.ensure(
                self._catalog,
                place,
                schema,
                partition_columns,
                {**properties, "comment": comment},
                self._make_namespace,
            )

    def info(self, table: str) -> TableInfo:
        """See `Lake.info`."""
        source = self.load(table)
        properties, snapshot = source.properties, source.current_snapshot()
        summary = snapshot.summary.additional_properties if snapshot and snapshot.summary else {}
        return TableInfo(
            description=properties.get("comment", ""),
            dated=any(field.name == DATE_COLUMN for field in source.spec().fields),
            reads=properties.get(READS),
            rows=int(summary.get("total-records", 0)),
        )

    def candidate_dir(self, table: str, key: str) -> Path:
        """See `Lake.candidate_dir`. Published files stay where their candidate was written."""
        self._place(table)
        if not re.fullmatch(r"[\w=-][\w.=-]*", key):
            raise LakeError(f"{key!r} is not a candidate key: letters, digits, '_', '-', '.', '='")
        number = 1
        while (folder := self._claim(table, key if number == 1 else f"{key}.{number}")) is None:
            number += 1
        return folder

    def publish(
        self,
        table: str,
        files: Sequence[str],
        replace: Partitions,
        properties: Mapping[str, str],
    ) -> Published:
        """See `Lake.publish`. Of two writers for a partition, the last one stays."""
        target = self.load(table)
        replace.check(table, (field.name for field in target.spec().fields))
        paths = self._own(table, files)
        if len(set(paths)) < len(paths):
            raise LakeError(f"{table}: a candidate file is named twice")
        with self._explained("publish to", table), self._turn(table):
            candidate = lake_candidate.describe(target, paths)
            lake_candidate.check_inside(target, candidate, replace)
            self._record(table, paths)
            return committed(
                table,
                lambda: lake_commit.commit(self.load(table), candidate, replace, properties),
            )

    def _plan(
        self,
        table: str,
        first: date | None,
        last: date | None,
        dates: Iterable[date] | None,
        snapshot_id: int | None,
    ) -> tuple[list[str], int | None]:
        """Return the files of the dates in order, and the snapshot that shows them."""
        source = self.load(table)
        chosen = Partitions(first, last, None if dates is None else frozenset(dates))
        columns = [field.name for field in source.spec().fields]
        chosen.check(table, columns)
        snapshot = source.current_snapshot()
        if snapshot_id is not None and (snapshot := source.snapshot_by_id(snapshot_id)) is None:
            raise LakeError(f"{table} has no snapshot {snapshot_id}")
        found = []
        with self._explained(READ, table):
            for file in live_files(source, snapshot):
                partition = partition_of(source, file)
                if chosen.hold(partition):
                    path = self._path(file.file_path)
                    found.append((*(str(partition[name]) for name in columns), path))
        return [row[-1] for row in sorted(found)], snapshot.snapshot_id if snapshot else None

    def with_columns(self, table: str, files: Sequence[str]) -> Sequence[str]:
        """See `Lake.with_columns`. A list is asked of all schemas there were, to open no file."""
        source = self.load(table)
        schemas = source.schemas()
        if isinstance(files, Slice):
            state = source.snapshot_by_id(files.snapshot_id)
            shown = schemas[state.schema_id] if state and state.schema_id is not None else None
            written = [shown] if shown else []
        else:
            written = list(schemas.values())
        wanted = set(source.schema().column_names)
        if all(wanted <= set(schema.column_names) for schema in written):
            return files
        # The first one gives the columns their order.
        return [self.empty_file(table), *files]

    @abstractmethod
    def empty_file(self, table: str) -> str:
        """See `Lake.empty_file`."""

    def batches(
        self, table: str, first: date | None = None, last: date | None = None
    ) -> "Iterator[pa.RecordBatch]":
        """See `Lake.batches`."""
        files, _ = self._plan(table, first, last, None, None)
        self._verify(table, files)
        return parquet.batches(files, self._opener(table))

    def sample(self, table: str, files: Sequence[str], rows: int) -> "pa.Table":
        """See `Lake.sample`."""
        chosen = parquet.sampled_files(files)
        paths = [self._path(named) for named in self._own(table, chosen)]
        with self._explained("sample", table):
            return parquet.sample(paths, self._opener(table), rows)

    def dates(
        self, table: str, first: date | None = None, last: date | None = None
    ) -> dict[date, int]:
        """See `Lake.dates`."""
        source = self.load(table)
        chosen = Partitions(first, last)
        Partitions.on().check(table, (field.name for field in source.spec().fields))
        rows: dict[date, int] = {}
        with self._explained(READ, table):
            for file in live_files(source, source.current_snapshot()):
                partition = partition_of(source, file)
                day = partition[DATE_COLUMN]
                if isinstance(day, date) and chosen.hold(partition):
                    rows[day] = rows.get(day, 0) + file.record_count
        return dict(sorted(rows.items()))

    def newest(self, table: str, on_or_before: date) -> date | None:
        """See `Lake.newest`."""
        return max(self.dates(table, last=on_or_before), default=None)

    def history(self, table: str) -> list[Snapshot]:
        """See `Lake.history`."""
        source = self.load(table)
        current = source.current_snapshot()
        return [
            _snapshot(state, state == current)
            for state in sorted(source.snapshots(), key=lambda state: state.sequence_number or 0)
        ]

    def rollback(self, table: str, snapshot_id: int) -> None:
        """See `Lake.rollback`."""

        def attempt() -> None:
            target = self.load(table)
            if target.snapshot_by_id(snapshot_id) is None:
                raise LakeError(f"{table} has no snapshot {snapshot_id}")
            target.manage_snapshots().set_current_snapshot(snapshot_id).commit()

        with self._explained("roll back", table), self._turn(table):
            committed(table, attempt)

    def expire(self, table: str, keep_last: int) -> list[int]:
        """See `Lake.expire`. Files that lose their last snapshot become orphans of this moment."""

        def attempt() -> list[int]:
            return lake_sweep.expire(
                self.load(table), keep_last, lambda files: self._orphaned(table, files)
            )

        with self._explained("expire snapshots of", table), self._turn(table):
            return committed(table, attempt)


def _snapshot(state: "State", current: bool) -> Snapshot:
    summary = dict(state.summary.additional_properties) if state.summary else {}
    return Snapshot(
        snapshot_id=state.snapshot_id,
        parent_id=state.parent_snapshot_id,
        committed_ms=state.timestamp_ms,
        run_id=summary.get(RUN_ID),
        operation=state.summary.operation.value if state.summary else "",
        rows=int(summary.get("total-records", 0)),
        added=int(summary.get("added-records", 0)),
        removed=int(summary.get("deleted-records", 0)),
        properties=summary,
        current=current,
    )
