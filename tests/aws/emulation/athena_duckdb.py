"""DuckDB behind the emulated Athena, over copies of the files of Glue's Iceberg tables."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tests.aws.emulation import athena_statement
from tests.aws.emulation.athena_back_end import Answer
from tests.aws.emulation.athena_failure import Failure
from tests.aws.emulation.athena_tables import Tables

if TYPE_CHECKING:
    import duckdb


class DuckDbBackEnd:
    """Runs each query in a database of its own."""

    def __init__(self, endpoint: str, region: str, cache: Path) -> None:
        self._tables = Tables(endpoint, region, cache)

    def check(self, sql: str) -> None:
        """Raise ValueError for a text that is no statement of the subset."""
        athena_statement.check(sql)

    def query(self, sql: str, database: str, memory_limit: str) -> DuckDbQuery:
        """Return a query; one that needs more memory is exhausted, as nothing is spilled."""
        return DuckDbQuery(self._tables, sql, database, memory_limit)


class DuckDbQuery:
    """A query."""

    def __init__(self, tables: Tables, sql: str, database: str, memory_limit: str) -> None:
        self._tables, self._sql, self._database = tables, sql, database
        self._settings = {"memory_limit": memory_limit, "threads": "2", "temp_directory": ""}
        self._db: duckdb.DuckDBPyConnection | None = None

    def run(self) -> Answer:
        """Return its answer."""
        import duckdb

        with duckdb.connect(config=dict(self._settings)) as db:
            self._db = db
            try:
                db.execute("SET TimeZone = 'UTC'")
                return athena_statement.answer(db, self._sql, self._database, self._tables)
            except duckdb.InterruptException:
                raise Failure("", state="CANCELLED") from None
            finally:
                self._db = None

    def stop(self) -> None:
        """Interrupt it: DuckDB forgets an interrupt between two statements."""
        import duckdb

        # It may end, and close its connection, between the look and the interrupt.
        with suppress(duckdb.ConnectionException):
            if (db := self._db) is not None:
                db.interrupt()
