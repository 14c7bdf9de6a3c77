"""The SHA-256 of every published file, kept in the catalog's database and checked before reading.

It is written before the commit that shows the file. Parquet's own checksums are of pages, and
engines do not look at them: a flipped bit gives wrong answers without an error.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from resources.files.sha256 import sha256_of
from resources.files.sqlite_files import connect, read_only_options
from resources.iceberg.addresses import path_of
from resources.side_by_side import side_by_side

MISSING = "is missing"
DAMAGED = "is damaged"
_AT_ONCE = 500
_TABLE = """
CREATE {} IF NOT EXISTS file_digest (
    file TEXT PRIMARY KEY,
    sha256 TEXT NOT NULL,
    damaged INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID
"""

State = tuple[str, int, int, int]
_VERIFIED: set[State] = set()
"""Files as this process has read them once: a file is hashed again only when it has changed."""


@dataclass(frozen=True)
class Digests:
    """What is recorded of the files under `root`, by their place in it: a home may be moved."""

    database: Path
    root: Path

    def record(self, files: Sequence[str]) -> dict[str, str]:
        """Record files that are about to be published; return those that are not as recorded."""
        known, new = self._known(files), self.unrecorded(files)
        states = [_state(file) for file in new]
        if new:
            found = zip(map(self._name, new), side_by_side(_sha256, new), strict=True)
            with self._open() as database:
                database.executemany("INSERT OR REPLACE INTO file_digest VALUES (?, ?, 0)", found)
        _VERIFIED.update(states)
        return self.problems(list(known))

    def unrecorded(self, files: Sequence[str]) -> list[str]:
        """Return the files of which nothing is recorded."""
        known = self._known(files)
        return [file for file in files if file not in known]

    def problems(self, files: Sequence[str]) -> dict[str, str]:
        """Return what is wrong with files; what is not recorded, of an older release, is taken."""
        states = {file: _state_or_none(file) for file in files}
        found = {file: MISSING for file, state in states.items() if state is None}
        unread = {f: s for f, s in states.items() if s is not None and s not in _VERIFIED}
        known = self._known(list(unread))
        hashed = dict(zip(known, side_by_side(_sha256, list(known)), strict=True))
        bad = [file for file, sha256 in known.items() if hashed[file] != sha256]
        _VERIFIED.update(state for file, state in unread.items() if file not in bad)
        # Who may only read says so as well; the next run that reads the file marks it.
        with suppress(sqlite3.OperationalError):
            self._mark(bad)
        return found | dict.fromkeys(bad, DAMAGED)

    def marked(self) -> set[str]:
        """Return the files that were found to be damaged when they were to be read."""
        with self._open() as database:
            found = database.execute("SELECT file FROM file_digest WHERE damaged").fetchall()
        return {str(self.root / name) for (name,) in found}

    def forget(self, files: Iterable[str]) -> None:
        """Forget files that are deleted, or will be written anew."""
        names = [(self._name(file),) for file in files]
        with self._open() as database:
            database.executemany("DELETE FROM file_digest WHERE file = ?", names)

    def _mark(self, files: Sequence[str]) -> None:
        if files:
            names = [(self._name(file),) for file in files]
            with self._open() as database:
                database.executemany("UPDATE file_digest SET damaged = 1 WHERE file = ?", names)

    def _known(self, files: Sequence[str]) -> dict[str, str]:
        """Return the recorded SHA-256 of those files that are on record."""
        names = {self._name(file): file for file in files}
        asked, found = list(names), dict[str, str]()
        if not asked:
            return {}
        with self._open() as database:
            for start in range(0, len(asked), _AT_ONCE):
                part = asked[start : start + _AT_ONCE]
                marks = ", ".join("?" * len(part))
                query = f"SELECT file, sha256 FROM file_digest WHERE file IN ({marks})"
                found.update(database.execute(query, part))
        return {names[name]: sha256 for name, sha256 in found.items()}

    def _name(self, file: str) -> str:
        return os.path.relpath(path_of(file), self.root)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(connect(self.database)) as database, database:
            database.isolation_level = "DEFERRED"
            if not database.execute(
                "SELECT 1 FROM sqlite_master WHERE name = 'file_digest'"
            ).fetchone():
                # Who may only read a home of a release without the table reads it unchecked.
                where = "TEMP TABLE" if read_only_options(self.database) else "TABLE"
                database.execute(_TABLE.format(where))
            yield database


def _sha256(file: str) -> str:
    return sha256_of(Path(path_of(file)))


def _state(file: str) -> State:
    status = Path(path_of(file)).stat()
    return path_of(file), status.st_size, status.st_mtime_ns, status.st_ino


def _state_or_none(file: str) -> State | None:
    try:
        return _state(file)
    except FileNotFoundError:
        return None
