"""An environment that runs jobs, and a table for them to read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from resources.account.aws_names import AwsNames
from tests.aws.emulation.job_machine import Machine
from tests.aws.emulation.waiting import wait_for
from tests.aws.jobs.job_environment import EmulatedJobs, create_cluster, create_jobs, emulated_jobs


@pytest.fixture
def jobs(aws: AwsNames, aws_endpoint: str) -> Iterator[EmulatedJobs]:
    with _jobs_of_an_environment(aws, aws_endpoint) as emulated:
        yield emulated


@pytest.fixture
def jobs_on_each_machine(
    aws: AwsNames, aws_endpoint: str, machine: Machine
) -> Iterator[EmulatedJobs]:
    """Return what `jobs` is, on Sail and on Spark; a file imports it by that name."""
    with _jobs_of_an_environment(aws, aws_endpoint, machine) as emulated:
        yield emulated


@contextmanager
def _jobs_of_an_environment(
    aws: AwsNames, endpoint: str, machine: Machine | None = None
) -> Iterator[EmulatedJobs]:
    with emulated_jobs(endpoint, machine=machine) as emulated:
        create_jobs(aws)
        create_cluster(aws, f"{aws.base}-nightly")
        yield emulated


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return tmp_path / "lake"


@pytest.fixture
def given(lake: Path) -> dict[str, list[str]]:
    """Three clients in a file that this worker made."""
    file = lake / "stage/customer/data/a.parquet"
    file.parent.mkdir(parents=True)
    pq.write_table(pa.table({"client_id": pa.array([3, 1, 2], pa.int64())}), file)
    return {"stage.customer": [str(file)]}


def ended(jobs: EmulatedJobs) -> None:
    """Wait until no script runs any more; fail when one goes on, or none ever ran."""
    assert jobs.services.processes
    wait_for(lambda: not any(p.alive for p in jobs.services.processes))
