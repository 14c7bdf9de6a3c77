"""The lake on one machine: PyIceberg, a folder and a SQLite catalog."""

import atexit
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from resources.files.private import may_write
from resources.iceberg import schema as lake_schema
from resources.iceberg import sweep as lake_sweep
from resources.iceberg.addresses import address_of, path_of
from resources.iceberg.base import READ, IcebergLake
from resources.iceberg.catalog import Place, database_of, make_namespace, open_catalog
from resources.iceberg.digests import DAMAGED, MISSING, Digests
from resources.iceberg.files import date_of, live_files
from resources.protocols.lake_types import (
    Damaged,
    DamagedFileError,
    LakeError,
    UnreadableTableError,
    split,
)

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.manifest import DataFile
    from pyiceberg.table import Table


@cache
def _without_rows() -> Path:
    """Return a folder for empty tables of a home that may only be read: no record comes there."""
    folder = TemporaryDirectory(prefix="customer360-")
    atexit.register(folder.cleanup)
    return Path(folder.name)


@dataclass(frozen=True)
class LocalLake(IcebergLake):
    """A folder of Parquet files and a SQLite catalog (`sqlite:///…?timeout=60`)."""

    catalog_uri: str
    warehouse_dir: Path

    def _open_catalog(self) -> "Catalog":
        return open_catalog(self.catalog_uri, self.warehouse_dir.absolute())

    @cached_property
    def _digests(self) -> Digests:
        _ = self._catalog  # It is made with the catalog: another process may be at it.
        return Digests(database_of(self.catalog_uri), self.warehouse_dir.absolute())

    def _folder(self, table: str) -> Path:
        return self.warehouse_dir.absolute().joinpath(*split(table))

    def _place(self, table: str) -> Place:
        return Place(table, table, address_of(self._folder(table)))

    def _make_namespace(self, schema: str) -> None:
        make_namespace(self._catalog, schema)

    @contextmanager
    def _explained(self, action: str, table: str) -> Iterator[None]:
        from pyiceberg.exceptions import ValidationError

        try:
            yield
        except FileNotFoundError as gone:
            raise UnreadableTableError(table, _missing(gone)) from gone
        except (EOFError, ValueError, LookupError, ValidationError) as problem:
            if action != READ or isinstance(problem, LakeError):
                raise
            # PyIceberg's text may quote what the file holds.
            raise UnreadableTableError(table, "a file of it is damaged") from problem

    def _turn(self, table: str) -> AbstractContextManager[None]:
        return lake_sweep.locked(self._folder(table))

    def _claim(self, table: str, name: str) -> Path | None:
        folder = self._folder(table) / "data" / name
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            return None
        return folder

    def _own(self, table: str, files: Sequence[str]) -> list[str]:
        data = self._folder(table) / "data"
        paths = [Path(file).absolute() for file in files]
        if outside := next((path for path in paths if not path.is_relative_to(data)), None):
            raise LakeError(f"{outside} is not in a candidate folder of {table}")
        return [address_of(path) for path in paths]

    @staticmethod
    def _path(named: str) -> str:
        return path_of(named)

    def _opener(self, table: str) -> Callable[[str], Any]:
        """Return Arrow's own files: no table is loaded to open one."""
        import pyarrow as pa

        opened: Callable[[str], Any] = pa.OSFile
        return opened

    def _orphaned(self, table: str, files: set[str]) -> None:
        for file in files:
            with suppress(FileNotFoundError):
                os.utime(path_of(file))

    @contextmanager
    def still(self) -> Iterator[None]:
        """Keep all tables as they are: whoever publishes, expires or sweeps waits meanwhile."""
        with ExitStack() as turns:
            for table in self.tables():
                turns.enter_context(self._turn(table))
            yield

    def tables(self) -> list[str]:
        """See `Lake.tables`."""
        catalog = self._catalog
        return sorted(
            ".".join(table)
            for namespace in catalog.list_namespaces()
            for table in catalog.list_tables(namespace)
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
        found = self._plan(table, first, last, dates, snapshot_id)[0]
        self._verify(table, found, snapshot_id)
        return found

    def damaged(self) -> list[Damaged]:
        """See `Lake.damaged`."""
        marked = self._digests.marked()
        return [
            Damaged(table, date_of(source, file), path, problem)
            for table in self.tables()
            for source, files in [self._shown(table)]
            for file in files
            for path in [path_of(file.file_path)]
            if (problem := _problem(path, file.file_size_in_bytes, path in marked))
        ]

    def _shown(self, table: str) -> tuple["Table", list["DataFile"]]:
        source = self.load(table)
        with self._explained(READ, table):
            return source, list(live_files(source, source.current_snapshot()))

    def unreadable(self) -> dict[str, str]:
        """See `Lake.unreadable`."""
        found = {}
        for table in self.tables():
            try:
                self._shown(table)
            except UnreadableTableError as problem:
                found[table] = problem.problem
        return found

    def forget(self, table: str) -> None:
        """See `Lake.forget`. Nothing is forgotten that is readable once no writer is at it."""
        with self._turn(table):
            try:
                self._shown(table)
            except UnreadableTableError:
                self._catalog.drop_table(table)

    def renew(self, files: Sequence[str]) -> None:
        """See `Lake.renew`."""
        self._digests.forget(files)

    def _record(self, table: str, files: Sequence[str]) -> None:
        self._refuse(table, self._digests.record(files), None)

    def record_published(self, table: str) -> int:
        """Record the published files that a release without records has left; return how many."""
        _, shown = self._shown(table)
        there = [f.file_path for f in shown if Path(path_of(f.file_path)).is_file()]
        new = self._digests.unrecorded(there)
        self._digests.record(new)
        return len(new)

    def _verify(self, table: str, files: Sequence[str], snapshot_id: int | None = None) -> None:
        self._refuse(table, self._digests.problems(files), snapshot_id)

    def _refuse(self, table: str, problems: Mapping[str, str], snapshot_id: int | None) -> None:
        for file, problem in sorted(problems.items()):
            path = path_of(file)
            source = self.load(table)
            state = source.snapshot_by_id(snapshot_id) if snapshot_id else source.current_snapshot()
            shown = {path_of(one.file_path): one for one in live_files(source, state)}
            date = date_of(source, shown[path]) if path in shown else None
            raise DamagedFileError(
                f"{Damaged(table, date, path, problem)}. Nothing was made from it: run again with "
                "customer360 run, which rebuilds it from the archive."
            )

    def empty_file(self, table: str) -> str:
        """See `Lake.empty_file`."""
        folder = self._folder(table) / "empty"
        if not may_write(folder):
            folder = _without_rows() / table
        return str(lake_schema.empty_file(self.load(table), folder))

    def bytes(self, files: Sequence[str]) -> int:
        """See `Lake.bytes`."""
        return sum(Path(file).stat().st_size for file in files)

    def discard(self, files: Sequence[str]) -> None:
        """See `Lake.discard`."""
        for file in files:
            Path(file).unlink(missing_ok=True)

    def remove_orphans(self, table: str, older_than: datetime, keys: str = "") -> list[str]:
        """See `Lake.remove_orphans`. Writers may go on: give candidates time to be published."""
        folder = self._folder(table)
        with self._turn(table):
            removed = lake_sweep.remove_orphans(self.load(table), folder / "data", older_than, keys)
        self._digests.forget(removed)
        return removed


def _missing(gone: FileNotFoundError) -> str:
    found = re.search(r"'(/[^']+)'", str(gone))
    return f"{found[1] if found else gone} is missing"


def _problem(path: str, size: int, marked: bool) -> str | None:
    """Return what a look at a published file finds wrong; None if it is as large as it was."""
    try:
        found = Path(path).stat().st_size
    except FileNotFoundError:
        return MISSING
    return DAMAGED if marked or found != size else None
