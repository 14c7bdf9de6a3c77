"""The profile store's local twin: one SQLite file, versions of items, and a pointer."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from resources.files.opening import open_duckdb
from resources.files.sqlite_files import connect
from resources.protocols.profile_store import (
    LoadResult,
    Profile,
    ProfileStoreError,
    Served,
    add_branches,
    refuse_incomplete,
    unlike_rows,
)

if TYPE_CHECKING:
    import pyarrow as pa

ITEMS_PER_TRANSACTION = 5_000
WAIT_SECONDS = 3_600

SCHEMA = """
-- A profile's values as a JSON array; the names are the same for all and stand in the pointer.
CREATE TABLE item (
    generation INTEGER NOT NULL,
    client_id INTEGER NOT NULL,
    branch_id INTEGER,
    body TEXT NOT NULL
);
CREATE UNIQUE INDEX item_of_client ON item (generation, client_id);
CREATE INDEX item_of_branch ON item (generation, branch_id, client_id);
-- One row at most: what is served. `decimals` names the columns whose values are text in JSON.
CREATE TABLE pointer (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    generation INTEGER NOT NULL,
    business_date TEXT NOT NULL,
    version TEXT NOT NULL,
    columns TEXT NOT NULL,
    decimals TEXT NOT NULL
);
PRAGMA user_version = 1;
"""


class SqliteProfileStore:
    """A ProfileStore in the file `path`, for many readers and one loading process at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(
        self,
        business_date: dt.date,
        version: str,
        rows: Iterable[pa.RecordBatch],
        *,
        expected: int | None = None,
        rollback: bool = False,
    ) -> LoadResult:
        """See ProfileStore. Waits up to an hour for another load to end."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._one_load_at_a_time(), self._open() as store:
            _create(store)
            served, generation = _served(store)
            if served and served.business_date > business_date and not rollback:
                return LoadResult(0, False, served.business_date, served)
            _remove_all_but(store, generation)
            new = generation + 1
            counted = Counter[int | None]()
            items, columns, decimals = _write(store, new, _counting(rows, counted))
            refuse_incomplete(unlike_rows(counted, _kept(store, new), expected))
            store.execute(
                "INSERT OR REPLACE INTO pointer VALUES (1, ?, ?, ?, ?, ?)",
                (new, f"{business_date}", version, json.dumps(columns), json.dumps(decimals)),
            )
            _remove_all_but(store, new)
        return LoadResult(items, True, business_date, served)

    def get(self, client_id: int) -> Profile | None:
        """See ProfileStore."""
        found = self._read("client_id = ?", client_id)
        return found[0] if found else None

    def by_branch(self, branch_id: int) -> list[Profile]:
        """See ProfileStore."""
        return self._read("branch_id = ?", branch_id)

    def current(self) -> Served | None:
        """See ProfileStore."""
        if not self.path.exists():
            return None
        with self._open() as store:
            return _served(store)[0] if _is_created(store) else None

    def _read(self, condition: str, value: int) -> list[Profile]:
        if not self.path.exists():
            return []
        with self._open() as store:
            if not _is_created(store):
                return []
            # One statement, so that pointer and items are of one moment.
            found = store.execute(
                "SELECT body, columns, decimals FROM pointer JOIN item USING (generation)"
                f" WHERE {condition} ORDER BY client_id",
                (value,),
            ).fetchall()
        return [_profile(*row) for row in found]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        connection = connect(self.path)
        try:
            yield connection
        finally:
            connection.close()

    @contextmanager
    def _one_load_at_a_time(self) -> Iterator[None]:
        """Hold a lock of the operating system, which ends with the process that holds it."""
        lock = sqlite3.connect(
            self.path.with_name(f"{self.path.name}.lock"),
            timeout=WAIT_SECONDS,
            isolation_level=None,
        )
        try:
            lock.execute("BEGIN EXCLUSIVE")
            yield
        finally:
            lock.close()


def _create(store: sqlite3.Connection) -> None:
    store.execute("PRAGMA journal_mode = WAL")
    store.execute("PRAGMA synchronous = NORMAL")
    if not _is_created(store):
        store.executescript(f"BEGIN; {SCHEMA} COMMIT;")


def _is_created(store: sqlite3.Connection) -> bool:
    return bool(store.execute("PRAGMA user_version").fetchone()[0])


def _served(store: sqlite3.Connection) -> tuple[Served | None, int]:
    """Return what is served and its generation, 0 before the first."""
    row = store.execute("SELECT business_date, version, generation FROM pointer").fetchone()
    if row is None:
        return None, 0
    return Served(dt.date.fromisoformat(row[0]), row[1]), row[2]


def _remove_all_but(store: sqlite3.Connection, generation: int) -> None:
    """Remove what nobody is pointed to: the version before, or what a killed load left."""
    for condition in ("generation < ?", "generation > ?"):
        while store.execute(
            "DELETE FROM item WHERE rowid IN (SELECT rowid"
            f" FROM item WHERE {condition} LIMIT {ITEMS_PER_TRANSACTION})",
            (generation,),
        ).rowcount:
            pass


def _write(
    store: sqlite3.Connection, generation: int, rows: Iterable[pa.RecordBatch]
) -> tuple[int, list[str], list[str]]:
    """Write a generation in bounded transactions; return its items, columns and decimal columns."""
    import pyarrow as pa

    items, columns, decimals = 0, list[str](), list[str]()
    with open_duckdb() as engine:
        for batch in rows:
            columns = list(batch.schema.names)
            decimals = [f.name for f in batch.schema if pa.types.is_decimal(f.type)]
            engine.register("profiles", pa.table(batch))
            made = engine.execute(_bodies_sql(columns, decimals))
            while part := made.fetchmany(ITEMS_PER_TRANSACTION):
                _insert(store, generation, part)
                items += len(part)
    return items, columns, decimals


def _counting(
    rows: Iterable[pa.RecordBatch], counted: Counter[int | None]
) -> Iterator[pa.RecordBatch]:
    """Pass on the batches, with their rows counted by branch."""
    for batch in rows:
        add_branches(counted, batch)
        yield batch


def _kept(store: sqlite3.Connection, generation: int) -> dict[int | None, int]:
    """Return how many items of a generation each branch has."""
    query = "SELECT branch_id, count(*) FROM item WHERE generation = ? GROUP BY branch_id"
    return dict(store.execute(query, (generation,)).fetchall())


def _bodies_sql(columns: list[str], decimals: list[str]) -> str:
    """Return the query of client_id, branch_id and body: JSON built by column, not row by row."""
    quoted = {name: '"' + name.replace('"', '""') + '"' for name in columns}
    values = ", ".join(
        f"CAST({text} AS varchar)" if name in decimals else text for name, text in quoted.items()
    )
    return f"SELECT client_id, branch_id, CAST(json_array({values}) AS varchar) FROM profiles"


def _insert(
    store: sqlite3.Connection, generation: int, part: list[tuple[int, int | None, str]]
) -> None:
    store.execute("BEGIN IMMEDIATE")
    try:
        store.executemany(f"INSERT INTO item VALUES ({generation}, ?, ?, ?)", part)
    except sqlite3.IntegrityError:
        store.execute("ROLLBACK")
        raise ProfileStoreError("a client_id is null or comes twice") from None
    store.execute("COMMIT")


def _profile(body: str, columns: str, decimals: str) -> Profile:
    exact = set(json.loads(decimals))
    named = zip(json.loads(columns), json.loads(body), strict=True)
    return {
        name: Decimal(value) if name in exact else value
        for name, value in named
        if value is not None
    }
