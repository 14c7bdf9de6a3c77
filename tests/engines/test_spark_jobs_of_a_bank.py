"""Real Spark runs a bank's jobs for the account: the rows are those of its home."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from customer360_assets.aws_names import AwsNames
from resources.work import Work, begin
from tests.aws.emulation.job_machine import Spark
from tests.aws.job_stage import create_jobs, emulated_jobs
from tests.aws.stage import new_stage
from tests.aws.test_jobs_same_rows import TABLE as SCHEMA_OF
from tests.aws.test_jobs_same_rows import engine_of, rows_on_s3
from tests.aws.whole_stage import Rows, locally
from tests.engines.home_of_a_bank import Home, Job, home_of_a_bank
from tests.engines.installed import demand

pytestmark = pytest.mark.engines


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    demand()
    with locally():
        return home_of_a_bank(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def spark(aws_endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Spark:
    return Spark(aws_endpoint, tmp_path_factory.mktemp("spark"))


@pytest.fixture(scope="module")
def stage(home: Home, aws_endpoint: str, spark: Spark) -> Iterator[AwsNames]:
    """A stage whose jobs Spark runs."""
    with new_stage(aws_endpoint) as names, emulated_jobs(aws_endpoint, machine=spark):
        create_jobs(names)
        yield names


def of_script(home: Home, script: str) -> Rows:
    return home.rows[f"{SCHEMA_OF[script]}.{script}"]


def in_order(rows: list[dict[str, object]]) -> Rows:
    return sorted((tuple(row.values()) for row in rows), key=repr)


def done_by(kind: str, names: AwsNames, home: Home, job: Job, script: Path, folder: Path) -> Rows:
    """Run a job as the product asks the service for it; its rows."""
    name = script.stem
    begin(Work(folder.name, folder.name, f"{SCHEMA_OF[name]}.{name}", "x", logging.getLogger()))
    engine = engine_of(kind, names, home.lake)
    output = home.lake / SCHEMA_OF[name] / name / "data" / folder.name
    done = engine.run(script, job.inputs, output, job.date)
    return in_order(rows_on_s3(names, done.files, folder / "found"))


def test_the_bank_is_a_hard_one(home: Home) -> None:
    told = {value for row in home.rows["raw.delivery"] for value in row if isinstance(value, str)}
    assert {"loaded", "refused"} <= told
    assert any(rows for table, rows in home.rows.items() if table.startswith("quarantine."))
    assert home.jobs.keys() == SCHEMA_OF.keys()


@pytest.mark.parametrize(
    ("kind", "script"), [("glue", "customer_history"), ("emr-serverless", "customer_360")]
)
def test_a_job_has_the_rows_of_the_home(
    stage: AwsNames, home: Home, tmp_path: Path, kind: str, script: str
) -> None:
    job, rows = home.jobs[script], of_script(home, script)
    assert len(rows) == 60
    assert done_by(kind, stage, home, job, job.script, tmp_path) == rows
