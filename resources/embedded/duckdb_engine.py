"""DuckDB as the local SQL engine: the same Athena SQL over the lake's Parquet files."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from resources.dialect.athena_sql import to_duckdb
from resources.embedded.duckdb_database import Database, Settings, spilling, within
from resources.embedded.duckdb_output import (
    create_views,
    quoted,
    select_columns,
    text,
    without_values,
)
from resources.embedded.duckdb_parts import copied, copy_part, partition_folder
from resources.embedded.duckdb_results import arrow, over, selected, types_of
from resources.files.opening import open_duckdb
from resources.protocols.sql_engine import (
    NO_INPUTS,
    Candidate,
    Inputs,
    Part,
    Query,
    SqlError,
    SqlTimeoutError,
)

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

T = TypeVar("T")


class DuckDbEngine:
    """Runs queries in an in-memory database, each by itself; implements `sql_engine.SqlEngine`.

    `memory_limit` is DuckDB's spelling ('4GB'), for all that run; what does not fit goes below
    `temp_directory`. A query that takes longer than `timeout_seconds` is stopped. `bytes_at_once`
    keeps what is sorted for its partitions in memory, however long the history is: 64 MB of Parquet
    are some two million transactions, a gigabyte at work.
    """

    def __init__(
        self,
        *,
        memory_limit: str | None = None,
        temp_directory: Path | None = None,
        threads: int | None = None,
        timeout_seconds: float | None = None,
        bytes_at_once: int | None = 64 << 20,
    ) -> None:
        self.bytes_at_once = bytes_at_once
        self._settings: Settings = {"memory_limit": memory_limit, "threads": threads}
        self._spill = temp_directory
        self._database = Database(self._settings, temp_directory)
        self._timeout = timeout_seconds
        self._running: set[duckdb.DuckDBPyConnection] = set()
        self._lock = threading.Lock()

    def run(
        self,
        sql: str,
        params: Sequence[object],
        inputs: Inputs,
        output: Path,
        columns: Sequence[tuple[str, str]],
        partition_by: Sequence[str] = (),
        order_by: Sequence[str] = (),
        where: str | None = None,
    ) -> Candidate:
        """Write the query's rows to `part-0.parquet`, or to one per folder of a partition."""
        started = time.monotonic()
        output.mkdir(parents=True, exist_ok=True)
        if any(output.iterdir()):
            raise SqlError(f"the candidate's folder is not empty: {output}")
        duck, kept = to_duckdb(sql), f" WHERE {to_duckdb(where)}" if where else ""
        keys = [*partition_by, *order_by]
        order = f" ORDER BY {', '.join(map(quoted, dict.fromkeys(keys)))}" if keys else ""

        def work(db: duckdb.DuckDBPyConnection) -> tuple[Part, ...]:
            types = types_of(db, duck, params)
            names = [name for name, _ in columns]
            if missing := [name for name in (*names, *partition_by) if name not in types]:
                raise SqlError(f"output: the query has no column {', '.join(missing)}")
            chosen = select_columns(types, columns)
            source = f"FROM ({duck}) AS result{kept}{order}"
            if not partition_by:
                count = copied(db, f"SELECT {chosen} {source}", output, params)
                return (Part((), str(output / "part-0.parquet"), count),)
            apart = "".join(f", {quoted(name)}" for name in partition_by if name not in names)
            db.execute(
                f"CREATE TABLE candidate_rows AS SELECT {chosen}{apart} {source}", list(params)
            )
            return self._copy_partitions(db, inputs, output, names, partition_by)

        parts = self._connected(inputs, work)
        return Candidate(
            files=tuple(part.file for part in parts),
            rows=sum(part.rows for part in parts),
            seconds=time.monotonic() - started,
            parts=parts if partition_by else (),
        )

    def query(
        self, sql: str, params: Sequence[object] = (), inputs: Inputs = NO_INPUTS
    ) -> pa.Table:
        """Return a small result; sums of integers are bigint, as in Athena."""
        duck = to_duckdb(sql)
        return self._connected(inputs, lambda db: arrow(db, duck, params))

    def one(
        self, sql: str, params: Sequence[object] = (), inputs: Inputs = NO_INPUTS
    ) -> dict[str, Any]:
        """Return the single row of a query by column name."""
        rows: list[dict[str, Any]] = self.query(sql, params, inputs).to_pylist()
        if len(rows) != 1:
            raise SqlError(f"a query of one row gave {len(rows)}")
        return rows[0]

    def rows(self, queries: Mapping[str, Query]) -> dict[str, dict[str, Any]]:
        """Return the single row of each query; they run one by one, each with all threads."""
        return {name: self.one(q.sql, q.params, q.inputs) for name, q in queries.items()}

    def session(self, inputs: Inputs) -> DuckDbSession:
        """Open a session that reads the given files and nothing else, and writes nothing."""
        listed = ", ".join(text(str(file)) for files in inputs.values() for file in files)

        def lock(db: duckdb.DuckDBPyConnection) -> None:
            within(db, "memory")
            create_views(db, inputs)
            db.execute(f"SET allowed_paths = [{listed}]")
            db.execute("SET enable_external_access = false")
            db.execute("SET lock_configuration = true")

        # A database of its own: its settings hold for all in it.
        db = open_duckdb(**self._settings, **spilling(self._spill))
        self.guarded(db, inputs, lock)
        return DuckDbSession(self, db, inputs)

    def cancel(self) -> None:
        """Stop every query that runs now; each raises SqlTimeoutError."""
        with self._lock:
            for db in self._running:
                db.interrupt()

    def _connected(self, inputs: Inputs, work: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        def prepared(db: duckdb.DuckDBPyConnection) -> T:
            create_views(db, inputs)
            return work(db)

        with self._database.catalog() as db:
            return self.guarded(db, inputs, prepared)

    def _copy_partitions(
        self,
        db: duckdb.DuckDBPyConnection,
        inputs: Inputs,
        output: Path,
        names: Sequence[str],
        partition_by: Sequence[str],
    ) -> tuple[Part, ...]:
        """Copy each partition of the sorted candidate_rows by itself, several at once.

        COPY … PARTITION_BY keeps no order within a file, and many small row groups.
        """
        keys = ", ".join(map(quoted, partition_by))
        found = db.execute(
            f"SELECT {keys}, count(*) FROM candidate_rows GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        if any(value is None for row in found for value in row):
            raise SqlError(f"output: a partition column ({keys}) is NULL")
        starts = accumulate((row[-1] for row in found), initial=0)
        parts = [
            (partition_folder(output, partition_by, row[:-1]), row[:-1], start, row[-1])
            for row, start in zip(found, starts, strict=False)
        ]
        cores, catalog = db.execute(
            "SELECT current_setting('threads'), current_database()"
        ).fetchall()[0]

        def copy(cursor: duckdb.DuckDBPyConnection, turn: int) -> list[Part]:
            return [
                copy_part(cursor, folder, names, partition_by, values, start, rows)
                for folder, values, start, rows in parts[turn::cores]
            ]

        def work(turn: int) -> list[Part]:
            with db.cursor() as cursor:
                within(cursor, catalog)
                return self.guarded(cursor, inputs, lambda own: copy(own, turn))

        with ThreadPoolExecutor(cores) as pool:
            done = [part for some in pool.map(work, range(cores)) for part in some]
        return tuple(sorted(done, key=lambda part: part.file))

    def guarded(
        self,
        db: duckdb.DuckDBPyConnection,
        inputs: Inputs,
        work: Callable[[duckdb.DuckDBPyConnection], T],
        *,
        reason_first: bool = False,
    ) -> T:
        """Run the work within the time limit; DuckDB's errors become SqlError without values."""
        import duckdb

        wording = "{reason} ({query})" if reason_first else "{query}: {reason}"

        def said(reason: str) -> str:
            return wording.format(reason=reason, query=over(inputs))

        timer = threading.Timer(self._timeout or 0, db.interrupt)
        timer.daemon = True
        with self._lock:
            self._running.add(db)
        if self._timeout:
            timer.start()
        try:
            return work(db)
        except duckdb.InterruptException:
            failure: SqlError = SqlTimeoutError(said("stopped before it ended"))
        except duckdb.Error as error:
            failure = SqlError(said(without_values(error, inputs)))
        finally:
            timer.cancel()
            with self._lock:
                self._running.discard(db)
        # Raised out here, and by no context manager: an exception that is raised while another is
        # handled carries it, with the value that DuckDB quotes, in its context.
        raise failure


class DuckDbSession:
    """Queries of a user over the lake; implements `sql_engine.SqlSession`.

    Used with `with`, or closed when it is dropped.
    """

    def __init__(self, engine: DuckDbEngine, db: duckdb.DuckDBPyConnection, inputs: Inputs) -> None:
        self._engine, self._db, self._inputs = engine, db, inputs

    def __enter__(self) -> Self:
        """Return the session."""
        return self

    def __exit__(self, *_failure: object) -> None:
        """Close the session."""
        self._db.close()

    def query(self, sql: str) -> pa.Table:
        """Return the rows of one Athena SELECT; SqlError for any other statement."""
        duck = selected(sql)
        return self._guarded(lambda db: arrow(db, duck, ()))

    def explain(self, sql: str) -> str:
        """Return DuckDB's plan of one Athena SELECT."""
        plan = f"EXPLAIN {selected(sql)}"
        return self._guarded(lambda db: str(db.execute(plan).fetchall()[0][1]))

    def _guarded(self, work: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        # A person reads this: the reason comes before the tables.
        return self._engine.guarded(self._db, self._inputs, work, reason_first=True)
