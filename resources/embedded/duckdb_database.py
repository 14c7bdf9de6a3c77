"""One in-memory DuckDB for all queries of an engine, and a catalog in it for each of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, TypedDict

from resources.embedded.spill import spill_folder
from resources.files.opening import open_duckdb
from resources.files.private import may_write

if TYPE_CHECKING:
    import duckdb


class Settings(TypedDict, total=False):
    """What is set of all databases of an engine; None stands for the default."""

    memory_limit: str | None
    threads: int | None


class Database:
    """Starts with the first query: to start one costs ten times what a small query does.

    All queries of it share its memory limit. What exceeds it goes below `spill`.
    """

    def __init__(self, settings: Settings, spill: Path | None = None) -> None:
        # Kept bytes of files would count as much as those of queries, and the system keeps them.
        self._settings = settings
        self._spill = spill
        self._lock, self._numbers = Lock(), count(1)
        self._root: duckdb.DuckDBPyConnection | None = None

    @contextmanager
    def catalog(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Yield a connection with views and tables of its own; they are dropped afterwards."""
        import duckdb

        root, name = self._started(), f"query_{next(self._numbers)}"
        connection = root.cursor()
        connection.execute(f"ATTACH ':memory:' AS {name}")
        within(connection, name)
        try:
            yield connection
        finally:
            try:
                connection.execute("USE memory")
                connection.execute(f"DETACH {name}")
            except duckdb.Error:
                # What has failed for good (out of memory within a commit) is not used again.
                self._drop(root)
            connection.close()

    def _started(self) -> duckdb.DuckDBPyConnection:
        with self._lock:
            if self._root is None:
                self._root = open_duckdb(
                    **self._settings,
                    **spilling(self._spill),
                    enable_external_file_cache=False,
                )
            return self._root

    def _drop(self, root: duckdb.DuckDBPyConnection) -> None:
        with self._lock:
            if self._root is root:
                self._root = None


def spilling(below: Path | None) -> dict[str, str]:
    """Return the setting of a database that spills by itself, below this folder alone."""
    if below is None:
        return {}
    return {"temp_directory": str(spill_folder(below)) if may_write(below) else ""}


def within(connection: duckdb.DuckDBPyConnection, catalog: str) -> None:
    """Set a new connection's catalog, and a time zone that does not depend on the machine."""
    connection.execute(f"USE {catalog}")
    connection.execute("SET TimeZone = 'UTC'")
