"""Real Spark runs a bank's jobs for the account; real Iceberg opens the tables of its home."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from resources.account.aws_names import AwsNames
from resources.iceberg.glue_catalog import open_glue_catalog
from resources.protocols.spark_engine import job_arguments
from resources.protocols.work import Work, begin
from tests.aws.emulation.job_machine import Spark
from tests.aws.environment import new_environment
from tests.aws.jobs.job_environment import create_jobs, emulated_jobs
from tests.aws.jobs.test_jobs_same_rows import TABLE as SCHEMA_OF
from tests.aws.jobs.test_jobs_same_rows import engine_of, rows_on_s3
from tests.aws.whole.whole_environment import Rows, differences, in_order, locally
from tests.engines.home_of_a_bank import Home, Job, home_of_a_bank
from tests.engines.installed import demand
from tests.engines.spark_iceberg import rows_in_spark, spark_with_iceberg, submit
from tests.spark.conftest import SCRIPTS
from tests.spark.spark_bank import rows_of

pytestmark = pytest.mark.engines

RIGHT = "F.max(F.when(window & _is(d)"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    demand()
    with locally():
        return home_of_a_bank(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def spark(aws_endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Spark:
    return spark_with_iceberg(aws_endpoint, tmp_path_factory.mktemp("spark"))


@pytest.fixture(scope="module")
def environment(home: Home, aws_endpoint: str, spark: Spark) -> Iterator[AwsNames]:
    """An environment whose jobs Spark runs, and whose Glue names the tables of the home."""
    with new_environment(aws_endpoint) as names, emulated_jobs(aws_endpoint, machine=spark):
        create_jobs(names)
        catalog = open_glue_catalog(names.region)
        for table, metadata in home.metadata.items():
            schema, _, name = table.partition(".")
            catalog.register_table((names.database(schema), name), metadata)
        yield names


def in_catalog(names: AwsNames, table: str) -> str:
    schema, _, name = table.partition(".")
    return f"home.{names.database(schema)}.{name}"


def of_script(home: Home, script: str) -> Rows:
    return home.rows[f"{SCHEMA_OF[script]}.{script}"]


def done_by(kind: str, names: AwsNames, home: Home, job: Job, script: Path, folder: Path) -> Rows:
    """Run a job as the product asks the service for it; its rows."""
    name = script.stem
    begin(Work(folder.name, folder.name, f"{SCHEMA_OF[name]}.{name}", "x", logging.getLogger()))
    engine = engine_of(kind, names, home.lake)
    output = home.lake / SCHEMA_OF[name] / name / "data" / folder.name
    done = engine.run(script, job.inputs, output, job.date)
    return in_order(rows_on_s3(names, done.files, folder / "found"))


def test_the_bank_is_a_hard_one(home: Home) -> None:
    reported = {
        value for row in home.rows["raw.delivery"] for value in row if isinstance(value, str)
    }
    assert {"loaded", "refused"} <= reported
    assert any(rows for table, rows in home.rows.items() if table.startswith("quarantine."))
    assert home.jobs.keys() == SCHEMA_OF.keys()


@pytest.mark.parametrize(
    ("kind", "script"), [("glue", "customer_history"), ("emr-serverless", "customer_360")]
)
def test_a_job_has_the_rows_of_the_home(
    environment: AwsNames, home: Home, tmp_path: Path, kind: str, script: str
) -> None:
    job, rows = home.jobs[script], of_script(home, script)
    assert len(rows) == 60
    assert done_by(kind, environment, home, job, job.script, tmp_path) == rows


def test_a_script_with_another_expression_is_found(
    environment: AwsNames, home: Home, tmp_path: Path
) -> None:
    job = home.jobs["customer_history"]
    text = job.script.read_text(encoding="utf-8")
    assert text.count(RIGHT) == 1
    altered = tmp_path / job.script.name
    altered.write_text(text.replace(RIGHT, RIGHT.replace("max", "min")), encoding="utf-8")
    (tmp_path / "job.py").write_bytes((SCRIPTS / "job.py").read_bytes())
    found = done_by("glue", environment, home, job, altered, tmp_path)
    assert len(found) == 60
    assert found != of_script(home, "customer_history")


@pytest.mark.parametrize("by", ["metadata file", "Glue"])
def test_iceberg_reads_every_table_of_the_home(
    environment: AwsNames, home: Home, spark: Spark, aws_endpoint: str, tmp_path: Path, by: str
) -> None:
    places = home.metadata
    assert all(place.startswith("file:///") for place in places.values())
    if by == "Glue":
        places = {table: in_catalog(environment, table) for table in places}
    read = rows_in_spark(spark, aws_endpoint, places, tmp_path / "read")
    reported = differences(home.rows, read)
    print("\n".join(reported))  # noqa: T201 - the figures of a differential test
    assert [line for line in reported if not line.endswith("equal")] == []


@pytest.mark.parametrize("script", SCHEMA_OF)
def test_a_script_reads_tables_of_a_catalog(
    environment: AwsNames, home: Home, spark: Spark, aws_endpoint: str, tmp_path: Path, script: str
) -> None:
    job, output = home.jobs[script], tmp_path / "out"
    inputs = {table: [in_catalog(environment, table)] for table in job.inputs}
    arguments = job_arguments(inputs, str(output), job.date)
    submit(spark, aws_endpoint, job.script, SCRIPTS / "job.py", arguments)
    assert in_order(rows_of([*output.glob("*.parquet")])) == of_script(home, script)
