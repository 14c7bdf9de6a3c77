"""The `sql` resource of an environment: it needs the names and gives an engine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from resources.athena.fan_out import QueriesFailedError
from resources.deployment.deployment import Deployment
from resources.iceberg.glue_lake import GlueLake
from resources.protocols.sql_engine import Query, SqlEngine
from resources.protocols.work import begin, current_work
from resources.wiring.aws_sql import sql_resource
from tests.aws.athena.athena_environment import lake_of, temporary_tables, work
from tests.aws.conftest_step_functions import step_functions  # noqa: F401 - a fixture
from tests.aws.emulation.athena import Athena
from tests.aws.emulation.step_functions import StepFunctions


@pytest.fixture
def lake(aws_deployment: Deployment, tmp_path: Path) -> GlueLake:
    assert aws_deployment.aws is not None
    return lake_of(aws_deployment.aws, tmp_path)


@pytest.fixture
def engine(
    aws_deployment: Deployment,
    step_functions: StepFunctions,  # noqa: F811
) -> SqlEngine:
    made: SqlEngine = sql_resource(aws_deployment).create_resource(dg.build_init_resource_context())
    return made


def test_queries_of_one_step_run_in_the_state_machine(
    lake: GlueLake,
    engine: SqlEngine,
    athena: Athena,
    step_functions: StepFunctions,  # noqa: F811
) -> None:
    before = current_work()
    step = work()
    begin(step)
    card = {"raw.card": list(lake.files("raw.card"))}
    queries = {
        "rows": Query("SELECT count(*) AS n FROM raw.card", (), card),
        "nope": Query("SELECT nope FROM raw.card", (), card),
        "last": Query("SELECT max(id) AS n FROM raw.card WHERE id < ?", [3], card),
    }
    with pytest.raises(QueriesFailedError, match=r"nope: .*COLUMN_NOT_FOUND") as failure:
        engine.rows(queries)
    assert failure.value.rows == {"rows": {"n": 3}, "last": {"n": 2}}
    assert [e.status for e in step_functions.executions.values()] == ["SUCCEEDED"]
    assert {q.sql.splitlines()[0] for q in athena.queries.values()} == {
        "-- customer360 run_id=run-1 table=stage.card span=2024-05-22"
    }
    assert step.numbers["athena_queries"] == 3
    assert temporary_tables(lake) == []
    begin(before)  # type: ignore[arg-type]


def test_making_the_resource_opens_nothing(aws_deployment: Deployment) -> None:
    program = (
        "import sys, dagster as dg; from resources.wiring.aws_sql import AthenaResource;"
        f" AthenaResource(names={aws_deployment.aws.model_dump_json()!r}, lake_dir='/tmp')"  # type: ignore[union-attr]
        ".create_resource(dg.build_init_resource_context());"
        " print(sorted({'boto3', 'pyiceberg', 'sqlglot', 'duckdb'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_local_deployment_has_no_athena(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no environment"):
        sql_resource(Deployment(home=tmp_path))
