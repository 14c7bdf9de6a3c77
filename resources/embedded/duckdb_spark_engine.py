"""Spark job scripts on DuckDB: in this process, without a JVM, a server or a socket."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from resources.embedded.duckdb_database import Database, Settings
from resources.embedded.frames.scripts import load
from resources.embedded.frames.session import Session
from resources.spark_engine import NO_PARAMS, Params, SparkJobError, job_arguments
from resources.sql_engine import Candidate, Inputs


class DuckDbSparkEngine:
    """A SparkEngine that runs what the scripts ask of PySpark as SQL.

    `memory_limit` is DuckDB's spelling ('4GB'); what does not fit goes below `temp_directory`.
    """

    def __init__(
        self, *, memory_limit: str | None = None, temp_directory: Path | None = None
    ) -> None:
        # A script's order is that of its ORDER BY; rows in any order take less memory.
        settings: dict[str, str | bool | int | float | list[str]] = {
            "autoinstall_known_extensions": "false"
        }
        if memory_limit:
            settings["memory_limit"] = memory_limit
        self._settings: Settings = settings
        self._spill = temp_directory
        self._database = Database(settings, temp_directory)

    def run(
        self,
        script: Path,
        inputs: Inputs,
        output: Path,
        business_date: dt.date,
        params: Params = NO_PARAMS,
    ) -> Candidate:
        """Run one job; return what it wrote. Raises SparkJobError."""
        started = time.monotonic()
        _all_there(script, inputs)
        argv = job_arguments(inputs, str(output), business_date, params)
        with _only_safe_text(script), self._database.catalog() as connection:
            load(script)["main"](argv, spark=Session(connection))
        files = tuple(sorted(map(str, output.rglob("*.parquet"))))
        return Candidate(files, sum(map(_rows, files)), time.monotonic() - started)

    def close(self) -> None:
        """Drop the database; a later job starts another."""
        self._database = Database(self._settings, self._spill)


def _all_there(script: Path, inputs: Inputs) -> None:
    """Raise SparkJobError for a missing file, in words that are the same on every engine."""
    for table, sources in inputs.items():
        if not sources:
            raise SparkJobError(f"{script.name}: no file of {table}; one without rows is enough")
        if missing := [s for s in sources if not Path(s).exists()]:
            raise SparkJobError(f"{script.name}: {table} lacks {missing[0]}")


@contextmanager
def _only_safe_text(script: Path) -> Iterator[None]:
    """Keep the words of a JobError, which hold no data, and of anything else only its class."""
    try:
        yield
    except SparkJobError:
        raise
    except Exception as error:
        known = type(error).__name__ == "JobError"
        what = str(error) if known else f"stopped by {type(error).__name__}"
        raise SparkJobError(f"{script.name}: {what}") from None


def _rows(file: str) -> int:
    import pyarrow.parquet as pq

    return int(pq.read_metadata(file).num_rows)
