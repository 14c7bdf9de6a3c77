"""Spark jobs on Sail: a Spark Connect server in this process, without a JVM."""

from __future__ import annotations

import atexit
import datetime as dt
import os
import runpy
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from resources.spark_engine import NO_PARAMS, Params, SparkJobError, job_arguments
from resources.sql_engine import Candidate, Inputs


class SailEngine:
    """A SparkEngine whose server and session start with the first job and serve all others."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._server: Any = None
        self._session: Any = None

    def run(
        self,
        script: Path,
        inputs: Inputs,
        output: Path,
        business_date: dt.date,
        params: Params = NO_PARAMS,
    ) -> Candidate:
        """Run one job at a time; give what it wrote. Raises SparkJobError."""
        started = time.monotonic()
        _all_there(script, inputs)
        argv = job_arguments(inputs, str(output), business_date, params)
        with self._lock, _only_safe_text(script):
            _main_of(script)(argv, spark=self._spark())
        files = tuple(sorted(map(str, output.rglob("*.parquet"))))
        return Candidate(files, sum(map(_rows, files)), time.monotonic() - started)

    def close(self) -> None:
        """End the session and the server; a later job starts them again."""
        with self._lock:
            if self._session is not None:
                self._session.stop()
            if self._server is not None:
                self._server.stop()
            self._server = self._session = None

    def _spark(self) -> Any:
        if self._session is not None and self._session.is_stopped:
            # Engines of one process may be given the same session: who closes, closes for all.
            self._server.stop()
            self._session = None
        if self._session is None:
            # Its log would name files and quote plans; set before the server reads it.
            os.environ.setdefault("RUST_LOG", "off")
            from dagster_pyspark import LazyPySparkResource
            from pysail.spark import SparkConnectServer

            self._server = SparkConnectServer(ip="127.0.0.1", port=0)
            self._server.start(background=True)
            host, port = self._server.listening_address
            connect = LazyPySparkResource(spark_config={"spark.remote": f"sc://{host}:{port}"})
            self._session = connect.spark_session
        # PySpark looks here at every call, and the environment may have been put back since.
        os.environ["SPARK_CONNECT_MODE_ENABLED"] = "1"
        return self._session


def _all_there(script: Path, inputs: Inputs) -> None:
    """Raise SparkJobError for a missing file: Sail would read it as no rows."""
    for table, sources in inputs.items():
        if not sources:
            raise SparkJobError(f"{script.name}: no file of {table}; one without rows is enough")
        if missing := [s for s in sources if not Path(s).exists()]:
            raise SparkJobError(f"{script.name}: {table} lacks {missing[0]}")


def _main_of(script: Path) -> Callable[..., None]:
    """Give a script's `main`, with the script's folder importable as under spark-submit."""
    folder = str(script.parent)
    sys.path.insert(0, folder)
    try:
        main: Callable[..., None] = runpy.run_path(str(script))["main"]
    finally:
        sys.path.remove(folder)
    return main


@contextmanager
def _only_safe_text(script: Path) -> Iterator[None]:
    """Keep the words of a JobError, which hold no data, and of anything else only its class."""
    try:
        yield
    except Exception as error:
        known = type(error).__name__ == "JobError"
        what = str(error) if known else f"stopped by {type(error).__name__}"
        raise SparkJobError(f"{script.name}: {what}") from None


def _rows(file: str) -> int:
    import pyarrow.parquet as pq

    return int(pq.read_metadata(file).num_rows)


@cache
def shared_engine() -> SailEngine:
    """Give the one engine of this process: runs after each other share its server."""
    engine = SailEngine()
    atexit.register(engine.close)
    return engine
