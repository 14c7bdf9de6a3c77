"""What a Spark engine does for the platform: it runs a job script and returns its candidate."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from resources.protocols.errors import ExplainedError
from resources.protocols.sql_engine import Candidate, Inputs

Params = Mapping[str, str]
NO_PARAMS: Params = MappingProxyType({})


class SparkJobError(ExplainedError):
    """A job failed; the text names script and step and holds no value of the data."""


class SparkEngine(Protocol):
    """Runs the scripts of `spark/`; every input has at least one file or catalog table."""

    def run(
        self,
        script: Path,
        inputs: Inputs,
        output: Path,
        business_date: dt.date,
        params: Params = NO_PARAMS,
    ) -> Candidate:
        """Write the job's rows to Parquet files in the folder `output`, sorted within each file.

        `params` become further arguments of the script. Raises SparkJobError.
        """
        ...

    def close(self) -> None:
        """Stop what was started for the jobs."""
        ...


def job_arguments(
    inputs: Inputs, output: str, business_date: dt.date, params: Params = NO_PARAMS
) -> Sequence[str]:
    """Return the command line that every job script reads (`spark/job.py`)."""
    sources = {table: [str(s) for s in given] for table, given in sorted(inputs.items())}
    return [
        "--inputs",
        json.dumps(sources),
        "--output",
        output,
        "--business-date",
        business_date.isoformat(),
        *(part for name, value in sorted(params.items()) for part in (f"--{name}", value)),
    ]
