"""Small scripts that a job can run, and a worker process that has one run."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import os
import shutil
import sys
from pathlib import Path

from resources.deployment.deployment import deployment
from resources.jobs.emr_cluster_engine import EmrClusterEngine
from resources.jobs.emr_serverless_engine import EmrServerlessEngine
from resources.jobs.engine import JobEngine
from resources.jobs.glue_engine import GlueEngine
from resources.jobs.watch import Patience
from resources.protocols.spark_engine import SparkJobError
from resources.protocols.work import Work, begin
from resources.s3.mirror import Mirror
from tests.aws.jobs.job_environment import HASTY
from tests.spark.conftest import SCRIPTS

MAY = dt.date(2024, 5, 31)
TABLE = "dimension.customer_history"
SECRET = "IBAN DE02120300000000202051"  # noqa: S105 - stands for a client's data
WRITE = """
def rows(inputs, business_date):
    from pyspark.sql import functions as F
    return inputs["stage.customer"].select("client_id")
job.run(rows, sys.argv[1:])
"""
BODIES = {
    "write": WRITE,
    "slow_write": f"time.sleep(6)\n{WRITE}",
    "forever": "time.sleep(600)",
    "exits": "sys.exit(3)",
    "quotes": f"raise ValueError('{SECRET}')",
    "fails": "with job.messages():\n    raise job.JobError('stage.customer: 2 clients are twice')",
    "exhausts": f"print('{SECRET}'); raise MemoryError('{SECRET}')",
}


def script_of(name: str, folder: Path) -> Path:
    """Write a script beside the helpers, as spark/ has them."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(SCRIPTS / "job.py", folder / "job.py")
    # Under the name of a script that the environment has a Glue job for.
    script = folder / name / "customer_history.py"
    script.parent.mkdir(exist_ok=True)
    shutil.copy(SCRIPTS / "job.py", script.with_name("job.py"))
    script.write_text(f"import sys, time\nimport job\n{BODIES[name]}\n")
    return script


def engine(kind: str, lake: Path, patience: Patience = HASTY) -> JobEngine:
    """Return the engine of a kind in the environment that the process's variables name."""
    names = deployment().aws
    assert names is not None
    mirror = Mirror(lake, names)
    if kind == "glue":
        return GlueEngine(names, mirror, patience)
    if kind == "emr-serverless":
        return EmrServerlessEngine(names, mirror, patience)
    return EmrClusterEngine(names, mirror, f"{names.base}-nightly", patience)


def work(run: str, attempt_of: str) -> Work:
    """Begin the work of a step, as every attempt of it does."""
    begun = Work(run, attempt_of, TABLE, str(MAY), logging.getLogger("step"))
    begin(begun)
    return begun


def output_of(lake: Path, run: str) -> Path:
    """Return the folder of an attempt's candidate."""
    return lake / "dimension/customer_history/data" / run


def main() -> None:
    """Run a script as a step does whose run can be cancelled: KIND SCRIPT LAKE INPUT RUN."""
    from dagster._core.errors import (
        DagsterExecutionInterruptedError,
        raise_execution_interrupts,
    )
    from dagster._utils.interrupts import capture_interrupts

    kind, script, lake, given, run = sys.argv[1:]
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
    work(run, run)
    folder = Path(lake)
    with capture_interrupts(), raise_execution_interrupts():
        try:
            inputs = {"stage.customer": [given]}
            engine(kind, folder).run(Path(script), inputs, output_of(folder, run), MAY)
        except DagsterExecutionInterruptedError:
            sys.exit(40)
        except SparkJobError as error:
            sys.stdout.write(f"{error}\n")
            sys.exit(41)


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main()
    sys.stdout.flush()
    os._exit(0)
