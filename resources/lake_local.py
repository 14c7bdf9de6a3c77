"""The lake on one machine: PyIceberg, a folder and a SQLite catalog."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from resources import lake_candidate, lake_commit, lake_schema, lake_sweep, parquet
from resources.lake_catalog import committed, load, open_catalog
from resources.lake_files import live_files, partition_of
from resources.lake_types import (
    DATE_COLUMN,
    RUN_ID,
    LakeError,
    Partitions,
    Published,
    Snapshot,
    split,
)

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.catalog import Catalog
    from pyiceberg.schema import Schema
    from pyiceberg.table import Table
    from pyiceberg.table.snapshots import Snapshot as State


@dataclass(frozen=True)
class LocalLake:
    """A folder of Parquet files and a SQLite catalog (`sqlite:///…?timeout=60`)."""

    catalog_uri: str
    warehouse_dir: Path

    @cached_property
    def _catalog(self) -> "Catalog":
        return open_catalog(self.catalog_uri, self.warehouse_dir.absolute())

    def _load(self, table: str) -> "Table":
        split(table)
        return load(self._catalog, table)

    def _folder(self, table: str) -> Path:
        return self.warehouse_dir.absolute().joinpath(*split(table))

    def ensure(
        self,
        table: str,
        schema: "Schema",
        partition_columns: tuple[str, ...] = (DATE_COLUMN,),
        comment: str = "",
    ) -> None:
        """See `Lake.ensure`. Two processes may do it at once."""
        folder = self._folder(table)
        lake_schema.ensure(self._catalog, table, schema, partition_columns, comment, folder)

    def tables(self) -> list[str]:
        """See `Lake.tables`."""
        catalog = self._catalog
        return sorted(
            ".".join(table)
            for namespace in catalog.list_namespaces()
            for table in catalog.list_tables(namespace)
        )

    def candidate_dir(self, table: str, key: str) -> Path:
        """See `Lake.candidate_dir`. Published files stay where their candidate was written."""
        if not re.fullmatch(r"[\w=-][\w.=-]*", key):
            raise LakeError(f"{key!r} is not a candidate key: letters, digits, '_', '-', '.', '='")
        data = self._folder(table) / "data"
        number = 1
        while True:
            folder = data / (key if number == 1 else f"{key}.{number}")
            try:
                folder.mkdir(parents=True)
            except FileExistsError:
                number += 1
            else:
                return folder

    def publish(
        self,
        table: str,
        files: Sequence[str],
        replace: Partitions,
        properties: Mapping[str, str],
    ) -> Published:
        """See `Lake.publish`. Writers take turns: of two for a partition, the last one stays."""
        target = self._load(table)
        replace.check(table, (field.name for field in target.spec().fields))
        data = self._folder(table) / "data"
        paths = [Path(file).absolute() for file in files]
        if len(set(paths)) < len(paths):
            raise LakeError(f"{table}: a candidate file is named twice")
        if outside := next((path for path in paths if not path.is_relative_to(data)), None):
            raise LakeError(f"{outside} is not in a candidate folder of {table}")
        with lake_sweep.held(self._folder(table)):
            candidate = lake_candidate.describe(target, [str(path) for path in paths])
            lake_candidate.check_inside(target, candidate, replace)
            return committed(
                table,
                lambda: lake_commit.commit(self._load(table), candidate, replace, properties),
            )

    def files(
        self,
        table: str,
        first: date | None = None,
        last: date | None = None,
        dates: Iterable[date] | None = None,
        snapshot_id: int | None = None,
    ) -> list[str]:
        """See `Lake.files`."""
        source = self._load(table)
        chosen = Partitions(first, last, None if dates is None else frozenset(dates))
        columns = [field.name for field in source.spec().fields]
        chosen.check(table, columns)
        snapshot = source.current_snapshot()
        if snapshot_id is not None and (snapshot := source.snapshot_by_id(snapshot_id)) is None:
            raise LakeError(f"{table} has no snapshot {snapshot_id}")
        found = []
        for file in live_files(source, snapshot):
            partition = partition_of(source, file)
            if chosen.hold(partition):
                found.append((*(str(partition[column]) for column in columns), file.file_path))
        return [row[-1] for row in sorted(found)]

    def empty_file(self, table: str) -> str:
        """See `Lake.empty_file`."""
        return str(lake_schema.empty_file(self._load(table), self._folder(table) / "empty"))

    def batches(
        self, table: str, first: date | None = None, last: date | None = None
    ) -> "Iterator[pa.RecordBatch]":
        """See `Lake.batches`."""
        return parquet.batches(self.files(table, first, last))

    def bytes(self, files: Sequence[str]) -> int:
        """See `Lake.bytes`."""
        return sum(Path(file).stat().st_size for file in files)

    def discard(self, files: Sequence[str]) -> None:
        """See `Lake.discard`."""
        for file in files:
            Path(file).unlink(missing_ok=True)

    def dates(
        self, table: str, first: date | None = None, last: date | None = None
    ) -> dict[date, int]:
        """See `Lake.dates`."""
        source = self._load(table)
        chosen = Partitions(first, last)
        Partitions.on().check(table, (field.name for field in source.spec().fields))
        rows: dict[date, int] = {}
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
        source = self._load(table)
        current = source.current_snapshot()
        return [
            _snapshot(state, state == current)
            for state in sorted(source.snapshots(), key=lambda state: state.sequence_number or 0)
        ]

    def rollback(self, table: str, snapshot_id: int) -> None:
        """See `Lake.rollback`."""

        def attempt() -> None:
            target = self._load(table)
            if target.snapshot_by_id(snapshot_id) is None:
                raise LakeError(f"{table} has no snapshot {snapshot_id}")
            target.manage_snapshots().set_current_snapshot(snapshot_id).commit()

        with lake_sweep.held(self._folder(table)):
            committed(table, attempt)

    def expire(self, table: str, keep_last: int) -> list[int]:
        """See `Lake.expire`. Files that lose their last snapshot become orphans of this moment."""
        with lake_sweep.held(self._folder(table)):
            return committed(table, lambda: lake_sweep.expire(self._load(table), keep_last))

    def remove_orphans(self, table: str, older_than: datetime) -> list[str]:
        """See `Lake.remove_orphans`. Writers may go on: give candidates time to be published."""
        folder = self._folder(table)
        with lake_sweep.held(folder):
            return lake_sweep.remove_orphans(self._load(table), folder / "data", older_than)


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
