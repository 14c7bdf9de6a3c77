"""A script run as a Glue job, an EMR Serverless job or an EMR step: the local engine's rows."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from resources.account.aws_names import AwsNames
from resources.account.client import client
from resources.account.errors import AwsError
from resources.embedded.duckdb_spark_engine import DuckDbSparkEngine
from resources.jobs.emr_cluster_engine import EmrClusterEngine
from resources.jobs.emr_serverless_engine import EmrServerlessEngine
from resources.jobs.engine import JobEngine
from resources.jobs.glue_engine import GlueEngine
from resources.protocols.work import Work, begin
from resources.s3.mirror import Mirror, address
from tests.aws.emulation.job_machine import Machine
from tests.aws.jobs.job_environment import (
    HASTY,
    EmulatedJobs,
    create_cluster,
    create_jobs,
    emulated_jobs,
)
from tests.spark.conftest import SCRIPTS
from tests.spark.spark_bank import HISTORY, PROFILE, Tables, deliver, rows_of

MAY = dt.date(2024, 5, 31)
CASES = {"customer_history": HISTORY, "customer_360": PROFILE}
TABLE = {"customer_history": "dimension", "customer_360": "profile"}


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, object]]]:
    """Each script's rows on the local engine, before the process's variables name an account."""
    folder, engine, found = tmp_path_factory.mktemp("local"), DuckDbSparkEngine(), {}
    for script, tables in CASES.items():
        given = deliver(tables, folder / script / "in")
        done = engine.run(SCRIPTS / f"{script}.py", given, folder / script / "out", MAY)
        found[script] = rows_of(done.files)
    engine.close()
    return found


@pytest.fixture
def jobs(aws: AwsNames, aws_endpoint: str, machine: Machine) -> Iterator[EmulatedJobs]:
    with emulated_jobs(aws_endpoint, machine=machine) as emulated:
        create_jobs(aws)
        yield emulated


def engine_of(kind: str, names: AwsNames, lake: Path) -> JobEngine:
    mirror = Mirror(lake, names)
    if kind == "glue":
        return GlueEngine(names, mirror, HASTY)
    if kind == "emr-serverless":
        return EmrServerlessEngine(names, mirror, HASTY)
    create_cluster(names, f"{names.base}-nightly")
    return EmrClusterEngine(names, mirror, f"{names.base}-nightly", HASTY)


def inputs_in(lake: Path, tables: Tables) -> dict[str, list[str]]:
    """Files of the lake's mirror, as a worker that made them names them."""
    given = {}
    for table, files in deliver(tables, lake / "made").items():
        folder = lake / table.replace(".", "/") / "data"
        folder.mkdir(parents=True, exist_ok=True)
        given[table] = []
        for number, file in enumerate(files):
            named = folder / f"{len(list(folder.iterdir()))}-{number}.parquet"
            given[table].append(str(Path(file).rename(named)))
    return given


def rows_on_s3(names: AwsNames, files: tuple[str, ...], to: Path) -> list[dict[str, object]]:
    to.mkdir(parents=True, exist_ok=True)
    local = []
    for number, uri in enumerate(files):
        where = address(uri)
        local.append(str(to / f"{number}.parquet"))
        client("s3", names.region).download_file(where["Bucket"], where["Key"], local[-1])
    return rows_of(local)


@pytest.mark.parametrize(
    ("kind", "script"),
    [
        pytest.param("glue", "customer_history", marks=[pytest.mark.long, pytest.mark.slow]),
        pytest.param("emr-serverless", "customer_360", marks=pytest.mark.long),
        pytest.param("cluster", "customer_360", marks=pytest.mark.slow),
    ],
)
def test_rows_are_those_of_the_local_engine(
    expected: dict[str, list[dict[str, object]]], aws: AwsNames, jobs: EmulatedJobs, tmp_path: Path,
    kind: str, script: str, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level(logging.INFO)
    lake = tmp_path / "lake"
    given = inputs_in(lake, CASES[script])
    work = Work("run-1", "run-1", f"{TABLE[script]}.{script}", "2024", logging.getLogger("step"))
    begin(work)
    engine = engine_of(kind, aws, lake)
    output = lake / TABLE[script] / script / "data" / "c-1"
    done = engine.run(SCRIPTS / f"{script}.py", given, output, MAY)

    assert expected[script]
    assert done.rows == len(expected[script])
    assert rows_on_s3(aws, done.files, tmp_path / "found") == expected[script]
    assert all(f.startswith(f"{engine.mirror.uri(output)}/attempt-0/") for f in done.files)
    assert len(jobs.services.processes) == 1
    reported = [r.message for r in caplog.records if r.name == "step"]
    assert any("Transforming" in line for line in reported), reported
    assert any(line.endswith("Written.") for line in reported), reported
    figure = {"glue": "glue_dpu_hours", "emr-serverless": "emr_vcpu_hours",
              "cluster": "emr_step_seconds"}[kind]  # fmt: skip
    assert work.numbers[figure] > 0

    # The twin: other rows in, other rows out; else the comparison above would prove nothing.
    nothing = {table: [] for table in CASES[script]}
    empty = engine.run(SCRIPTS / f"{script}.py", inputs_in(tmp_path / "lake", nothing), output, MAY)
    assert empty.rows == 0
    assert len(jobs.services.processes) == 2


def test_a_job_without_its_stack(aws: AwsNames, aws_endpoint: str, tmp_path: Path) -> None:
    given = inputs_in(tmp_path, HISTORY)
    output = tmp_path / "dimension/customer_history/data/c-1"
    reported = {
        "glue": f"Cannot find Glue job {aws.glue_job('customer_history')}: it does not exist",
        "emr-serverless": f"Cannot find EMR Serverless application {aws.emr_application} in",
    }
    with emulated_jobs(aws_endpoint):
        for kind, message in reported.items():
            engine = engine_of(kind, aws, tmp_path)
            with pytest.raises(AwsError, match=message) as failure:
                engine.run(SCRIPTS / "customer_history.py", given, output, MAY)
            assert "infra/" in str(failure.value)
        cluster = EmrClusterEngine(aws, Mirror(tmp_path, aws), "nowhere", HASTY)
        with pytest.raises(AwsError, match=r"Cannot find EMR cluster nowhere.* none"):
            cluster.run(SCRIPTS / "customer_history.py", given, output, MAY)
