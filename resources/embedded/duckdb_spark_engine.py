"""Spark job scripts on DuckDB: in this process, without a JVM, a server or a socket."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from resources.embedded.duckdb_database import Database, Settings
from resources.embedded.frames.scripts import load
from resources.embedded.frames.session import Session
from resources.embedded.spark_output import written
from resources.protocols.spark_engine import NO_PARAMS, Params, job_arguments
from resources.protocols.sql_engine import Candidate, Inputs


class DuckDbSparkEngine:
    """A SparkEngine that runs what the scripts ask of PySpark as SQL.

    `memory_limit` is DuckDB's spelling ('4GB'); what does not fit goes below `temp_directory`.
    """

    def __init__(
        self, *, memory_limit: str | None = None, temp_directory: Path | None = None
    ) -> None:
        # A script's order is that of its ORDER BY; rows in any order take less memory.
        self._settings: Settings = {"memory_limit": memory_limit}
        self._spill = temp_directory
        self._database = Database(self._settings, temp_directory)

    def run(
        self,
        script: Path,
        inputs: Inputs,
        output: Path,
        business_date: dt.date,
        params: Params = NO_PARAMS,
    ) -> Candidate:
        """Run one job; return what it wrote. Raises SparkJobError."""
        argv = job_arguments(inputs, str(output), business_date, params)

        def job() -> None:
            with self._database.catalog() as connection:
                load(script)["main"](argv, spark=Session(connection))

        return written(script, inputs, output, job)

    def close(self) -> None:
        """Drop the database; a later job starts another."""
        self._database = Database(self._settings, self._spill)
