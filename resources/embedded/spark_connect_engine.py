"""Spark job scripts on a Spark Connect server of the bank's own, through dagster-pyspark."""

from __future__ import annotations

import datetime as dt
import os
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

from resources.embedded.spark_output import written
from resources.protocols.spark_engine import NO_PARAMS, Params, job_arguments
from resources.protocols.sql_engine import Candidate, Inputs


class SparkConnectEngine:
    """A SparkEngine whose session starts with the first job and serves all others.

    remote: the server's address, `sc://host:port/;use_ssl=true;token=…`. The server must see the
    files of the home under the paths that they have here.
    """

    def __init__(self, remote: str) -> None:
        self._remote = remote
        self._lock = Lock()
        self._session: Any = None

    def run(
        self,
        script: Path,
        inputs: Inputs,
        output: Path,
        business_date: dt.date,
        params: Params = NO_PARAMS,
    ) -> Candidate:
        """Run one job at a time; return what it wrote. Raises SparkJobError."""
        argv = job_arguments(inputs, str(output), business_date, params)

        def job() -> None:
            with self._lock:
                _main_of(script)(argv, spark=self._spark())

        return written(script, inputs, output, job)

    def close(self) -> None:
        """End the session; a later job starts another."""
        with self._lock:
            if self._session is not None:
                self._session.stop()
            self._session = None

    def _spark(self) -> Any:
        if self._session is None or self._session.is_stopped:
            from dagster_pyspark import LazyPySparkResource

            connect = LazyPySparkResource(spark_config={"spark.remote": self._remote})
            self._session = connect.spark_session
        # PySpark looks here at every call, and the variables may have been put back since.
        os.environ["SPARK_CONNECT_MODE_ENABLED"] = "1"
        return self._session


def _main_of(script: Path) -> Callable[..., None]:
    """Return a script's `main`, with the script's folder importable as under spark-submit."""
    folder = str(script.parent)
    sys.path.insert(0, folder)
    try:
        main: Callable[..., None] = runpy.run_path(str(script))["main"]
    finally:
        sys.path.remove(folder)
    return main
