"""The ledger of a home: one SQLite file, for any number of processes."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from resources.files.sqlite_files import connect
from resources.protocols.ledger import FileState, LedgerError, Moment, Receipt, Result

SCHEMA = """
-- Receipts are evidence: none is ever changed or deleted.
CREATE TABLE receipt (
    feed TEXT NOT NULL,
    seq INTEGER NOT NULL,
    file TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    run_date TEXT NOT NULL,
    business_date TEXT,
    refused TEXT,
    PRIMARY KEY (feed, seq)
) WITHOUT ROWID;
CREATE TRIGGER receipt_is_kept BEFORE DELETE ON receipt
BEGIN SELECT raise(ABORT, 'a receipt is kept for ever'); END;
CREATE TRIGGER receipt_is_as_written BEFORE UPDATE ON receipt
BEGIN SELECT raise(ABORT, 'a receipt is kept as it was written'); END;
CREATE TABLE result (
    feed TEXT NOT NULL,
    delivery_id TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    result TEXT NOT NULL,
    PRIMARY KEY (feed, delivery_id, fingerprint)
) WITHOUT ROWID;
CREATE TABLE file_state (
    feed TEXT NOT NULL,
    moment TEXT NOT NULL,
    file TEXT NOT NULL,
    state TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (feed, moment, file)
) WITHOUT ROWID;
CREATE TABLE note (name TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE revision (feed TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
PRAGMA user_version = 1;
"""


class SqliteLedger:
    """A Ledger in the file `path`; a reader of a home without deliveries finds nothing.

    It is made before anything is archived: if it is empty and the archive is not, it is gone.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def begin(self) -> None:
        """See Ledger."""
        if not self._is_made():
            self.create()

    def create(self) -> None:
        """Make the tables, also beside an archive that has deliveries; those there are stay."""
        with self._transaction():
            pass

    def revision(self, feed: str) -> int:
        """See Ledger."""
        found = self._read("SELECT number FROM revision WHERE feed = ?", feed)
        return int(found[0][0]) if found else 0

    def receipts(self, feed: str) -> list[Receipt]:
        """See Ledger."""
        found = self._read(
            "SELECT seq, file, bytes, sha256, run_date, business_date, refused FROM receipt"
            " WHERE feed = ? ORDER BY seq",
            feed,
        )
        return [
            Receipt(feed, seq, file, size, sha256, _date(run), date and _date(date), refused)
            for seq, file, size, sha256, run, date, refused in found
        ]

    def register(self, receipts: Sequence[Receipt]) -> bool:
        """See Ledger."""
        rows = [
            (r.feed, r.seq, r.file, r.bytes, r.sha256, f"{r.run_date}", _text(r), r.refused)
            for r in receipts
        ]
        with self._transaction() as ledger:
            for feed in {r.feed for r in receipts}:
                last = ledger.execute("SELECT max(seq) FROM receipt WHERE feed = ?", (feed,))
                numbers = [r.seq for r in receipts if r.feed == feed]
                first = (last.fetchone()[0] or 0) + 1
                if numbers != list(range(first, first + len(numbers))):
                    return False
                _revise(ledger, feed)
            ledger.executemany("INSERT INTO receipt VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        return True

    def results(self, feed: str) -> list[Result]:
        """See Ledger."""
        found = self._read(
            "SELECT delivery_id, fingerprint, result FROM result WHERE feed = ?"
            " ORDER BY delivery_id, fingerprint",
            feed,
        )
        return [Result(*row) for row in found]

    def note_results(self, feed: str, results: Sequence[Result]) -> None:
        """See Ledger."""
        with self._transaction() as ledger:
            ledger.executemany(
                "INSERT OR IGNORE INTO result VALUES (?, ?, ?, ?)", [(feed, *r) for r in results]
            )
            _revise(ledger, feed)

    def forget_result(self, feed: str, delivery_id: str, fingerprint: str) -> None:
        """See Ledger."""
        with self._transaction() as ledger:
            ledger.execute(
                "DELETE FROM result WHERE feed = ? AND delivery_id = ? AND fingerprint = ?",
                (feed, delivery_id, fingerprint),
            )
            _revise(ledger, feed)

    def states(self, feed: str, moment: Moment) -> dict[str, FileState]:
        """See Ledger."""
        found = self._read(
            "SELECT file, state, sha256 FROM file_state WHERE feed = ? AND moment = ?", feed, moment
        )
        return {file: FileState(state, sha256) for file, state, sha256 in found}

    def note_states(self, feed: str, moment: Moment, states: Mapping[str, FileState]) -> None:
        """See Ledger. Only what differs is written."""
        kept = self.states(feed, moment)
        gone = [(feed, moment, file) for file in kept.keys() - states.keys()]
        new = [(feed, moment, f, *s) for f, s in states.items() if kept.get(f) != s]
        if not gone and not new:
            return
        with self._transaction() as ledger:
            ledger.executemany(
                "DELETE FROM file_state WHERE feed = ? AND moment = ? AND file = ?", gone
            )
            ledger.executemany("INSERT OR REPLACE INTO file_state VALUES (?, ?, ?, ?, ?)", new)

    def note(self, name: str, text: str) -> str:
        """See Ledger."""
        with self._transaction() as ledger:
            ledger.execute("INSERT OR IGNORE INTO note VALUES (?, ?)", (name, text))
        return self.noted(name) or ""

    def noted(self, name: str) -> str | None:
        """See Ledger."""
        found = self._read("SELECT text FROM note WHERE name = ?", name)
        return str(found[0][0]) if found else None

    def _read(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        if not self._is_made():
            return []
        with self._open() as ledger:
            return ledger.execute(query, values).fetchall()

    def _is_made(self) -> bool:
        if self.path.exists():
            with self._open() as ledger:
                if ledger.execute("PRAGMA user_version").fetchone()[0]:
                    return True
        if any((self.path.parent / "content").glob("*/*")):
            raise LedgerError(
                f"The ledger {self.path} is gone, and the archive beside it holds deliveries."
                " Restore it from a backup: it decides which delivery is in force."
            )
        return False

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection within a transaction, which ends with the block or leaves nothing."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as ledger:
            # Of a write-ahead log a reader waits for no writer; each commit is on disk.
            ledger.execute("PRAGMA journal_mode = WAL")
            ledger.execute("BEGIN IMMEDIATE")
            if not ledger.execute("PRAGMA user_version").fetchone()[0]:
                for statement in _statements():
                    ledger.execute(statement)
            yield ledger
            ledger.execute("COMMIT")

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(connect(self.path)) as ledger:
                ledger.execute("PRAGMA synchronous = FULL")
                yield ledger
        except sqlite3.Error as error:
            failure = f"{type(error).__name__}: {error}"
        else:
            return
        raise LedgerError(
            f"The ledger {self.path} cannot be used ({failure}). It decides which delivery is in"
            " force: make room on the disk if that is what it lacks, else restore the home from a"
            " backup. The delivered bytes are kept in the archive's content folder."
        )


def _statements() -> Iterator[str]:
    """Yield the statements of the schema one by one: as a script they would commit on the way."""
    statement = ""
    for line in SCHEMA.splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _revise(ledger: sqlite3.Connection, feed: str) -> None:
    ledger.execute(
        "INSERT INTO revision VALUES (?, 1) ON CONFLICT (feed) DO UPDATE SET number = number + 1",
        (feed,),
    )


@lru_cache
def _date(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def _text(receipt: Receipt) -> str | None:
    return f"{receipt.business_date}" if receipt.business_date else None
