"""A retry finds what the attempt before it started; a cancelled run leaves nothing running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from resources.account.aws_names import AwsNames
from resources.account.client import client
from resources.protocols.spark_engine import SparkJobError
from resources.protocols.sql_engine import Candidate
from resources.s3.mirror import address
from tests.aws.emulation.waiting import wait_for
from tests.aws.jobs.job_environment import EmulatedJobs
from tests.aws.jobs.job_fixtures import ended, given, lake
from tests.aws.jobs.job_fixtures import jobs_on_each_machine as jobs
from tests.aws.jobs.job_scripts import MAY, engine, output_of, script_of, work
from tests.patience import PATIENCE

pytestmark = pytest.mark.slow

__all__ = ["given", "jobs", "lake"]
KINDS = ["glue", "emr-serverless", "cluster"]
ROOT = Path(__file__).parents[3]


def started(
    kind: str, script: Path, lake: Path, given: dict[str, list[str]]
) -> subprocess.Popen[str]:
    """Run a step in a worker of its own."""
    command = [sys.executable, "-m", "tests.aws.jobs.job_scripts", kind, str(script), str(lake)]
    return subprocess.Popen(
        [*command, *given["stage.customer"], "run-1"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def script_runs(jobs: EmulatedJobs, worker: subprocess.Popen[str]) -> None:
    """Wait until the worker's job runs."""
    wait_for(lambda: worker.poll() is not None or any(p.alive for p in jobs.services.processes))
    assert worker.poll() is None, worker.communicate()


@pytest.mark.parametrize("kind", KINDS)
def test_a_cancelled_run_stops_its_job(
    jobs: EmulatedJobs, lake: Path, given: dict[str, list[str]], kind: str
) -> None:
    worker = started(kind, script_of("forever", lake), lake, given)
    script_runs(jobs, worker)
    wait_for(lambda: any("GetJobRun" in c or "DescribeStep" in c for c in jobs.server.calls))
    worker.send_signal(signal.SIGINT)
    reported, _ = worker.communicate(timeout=PATIENCE)
    assert worker.returncode == 40, reported
    assert "stopping it." in reported
    ended(jobs)
    assert [p.outcome for p in jobs.services.processes] == ["stopped"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_worker_leaves_a_job_that_the_retry_waits_for(
    jobs: EmulatedJobs, lake: Path, given: dict[str, list[str]], kind: str
) -> None:
    script = script_of("slow_write", lake)
    worker = started(kind, script, lake, given)
    script_runs(jobs, worker)
    worker.kill()
    worker.communicate()
    (process,) = jobs.services.processes
    assert process.alive
    work("run-2", "run-1")
    done = engine(kind, lake).run(script, given, output_of(lake, "run-2"), MAY)
    assert done.rows == 3
    assert len(jobs.services.processes) == 1
    # The first attempt's own output: nothing was computed twice, nothing is mixed.
    assert all("/data/run-1/attempt-0/" in file for file in done.files)


def test_what_has_succeeded_is_taken_while_its_rows_are_there(
    aws: AwsNames, jobs: EmulatedJobs, lake: Path, given: dict[str, list[str]]
) -> None:
    script = script_of("write", lake)
    runs = []
    for run in ("run-1", "run-2"):
        work(run, "run-1")
        runs.append(engine("glue", lake).run(script, given, output_of(lake, run), MAY))
    assert runs[0].files == runs[1].files
    assert len(jobs.services.processes) == 1

    for file in runs[0].files:
        client("s3", aws.region).delete_object(**address(file))
    again = engine("glue", lake).run(script, given, output_of(lake, "run-3"), MAY)
    assert again.rows == 3
    assert all("/data/run-3/attempt-1/" in file for file in again.files)
    assert len(jobs.services.processes) == 2


@pytest.mark.long
def test_what_has_failed_is_started_again(
    jobs: EmulatedJobs, lake: Path, given: dict[str, list[str]]
) -> None:
    work("run-1", "run-1")
    with pytest.raises(SparkJobError):
        engine("emr-serverless", lake).run(
            script_of("exits", lake), given, output_of(lake, "run-1"), MAY
        )
    work("run-2", "run-1")
    done = engine("emr-serverless", lake).run(
        script_of("write", lake), given, output_of(lake, "run-2"), MAY
    )
    assert done.rows == 3
    assert all("/attempt-1/" in file for file in done.files)


@pytest.mark.long
def test_what_runs_on_other_code_is_stopped_first(
    jobs: EmulatedJobs, lake: Path, given: dict[str, list[str]]
) -> None:
    worker = started("glue", script_of("forever", lake), lake, given)
    script_runs(jobs, worker)
    worker.kill()
    worker.communicate()
    work("run-2", "run-1")
    done = engine("glue", lake).run(script_of("write", lake), given, output_of(lake, "run-2"), MAY)
    assert done.rows == 3
    assert [p.outcome for p in jobs.services.processes] == ["stopped", "succeeded"]


@pytest.mark.long
def test_two_that_start_at_once_keep_one(
    jobs: EmulatedJobs, lake: Path, given: dict[str, list[str]]
) -> None:
    script, found, failed = script_of("slow_write", lake), list[Candidate](), list[Exception]()
    together = threading.Barrier(2)

    def attempt(run: str) -> None:
        work(run, "run-1")
        together.wait()
        try:
            found.append(engine("glue", lake).run(script, given, output_of(lake, run), MAY))
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=attempt, args=(f"run-{n}",)) for n in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    outcomes = [p.outcome for p in jobs.services.processes]
    assert outcomes.count("succeeded") == 1, (outcomes, failed)
    assert found
    assert {f.files for f in found} == {found[0].files}
    assert found[0].rows == 3


@pytest.mark.long
def test_work_of_another_run_is_its_own(
    jobs: EmulatedJobs, lake: Path, given: dict[str, list[str]]
) -> None:
    script = script_of("write", lake)
    for run in ("run-1", "run-9"):
        work(run, run)
        engine("glue", lake).run(script, given, output_of(lake, run), MAY)
    assert [p.outcome for p in jobs.services.processes] == ["succeeded", "succeeded"]
