"""What a Spark job that runs on this machine leaves: its files, or why there are none."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from resources.protocols.spark_engine import SparkJobError
from resources.protocols.sql_engine import Candidate, Inputs


def written(script: Path, inputs: Inputs, output: Path, job: Callable[[], None]) -> Candidate:
    """Run a job and return what it wrote; SparkJobError in words that hold no data."""
    started = time.monotonic()
    _all_there(script, inputs)
    _run(script, job)
    files = tuple(sorted(map(str, output.rglob("*.parquet"))))
    return Candidate(files, sum(map(_rows, files)), time.monotonic() - started)


def _all_there(script: Path, inputs: Inputs) -> None:
    """Raise SparkJobError for a missing file, in words that are the same on every engine."""
    for table, sources in inputs.items():
        if not sources:
            raise SparkJobError(f"{script.name}: no file of {table}; one without rows is enough")
        if missing := [s for s in sources if not Path(s).exists()]:
            raise SparkJobError(f"{script.name}: {table} lacks {missing[0]}")


def _run(script: Path, job: Callable[[], None]) -> None:
    """Keep the words of a JobError, which hold no data, and of anything else only its class."""
    try:
        job()
    except SparkJobError:
        raise
    except Exception as error:
        known = type(error).__name__ == "JobError"
        what = str(error) if known else f"stopped by {type(error).__name__}"
    else:
        return
    # Raised out here: an exception that is raised while another is handled carries it along.
    raise SparkJobError(f"{script.name}: {what}")


def _rows(file: str) -> int:
    import pyarrow.parquet as pq

    return int(pq.read_metadata(file).num_rows)
