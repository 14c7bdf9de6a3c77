"""What ended runs have left running on AWS is stopped; nothing else is."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import dagster as dg
import pytest
from dagster._core.utils import make_new_run_id

from customer360_assets.automation.housekeeping.orphans import orphan_sensor
from customer360_assets.automation.housekeeping.orphans_on_aws import sweep
from customer360_assets.runs.instance import instance_of
from resources import clock
from resources.account.aws_names import AwsNames
from resources.account.client import client
from resources.deployment.deployment import Deployment
from resources.iceberg.candidate_tables import mount
from resources.iceberg.glue_lake import GlueLake
from resources.wiring.aws import EMR_CLUSTER
from resources.wiring.running_on_aws import finders
from tests.aws.conftest_athena import emulated_athena
from tests.aws.conftest_step_functions import step_functions
from tests.aws.emulation.athena import Athena
from tests.aws.emulation.athena_back_end import MakeBackEnd
from tests.aws.emulation.step_functions import StepFunctions
from tests.aws.emulation.waiting import wait_for
from tests.aws.environment import new_environment, variables_of
from tests.aws.jobs.job_environment import EmulatedJobs, create_jobs
from tests.aws.jobs.job_fixtures import ended, given, jobs, lake
from tests.aws.whole.left_running import SQL, Environment, run_of

pytestmark = pytest.mark.slow

__all__ = ["given", "jobs", "lake", "step_functions"]

HOUR_AGO = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


@pytest.fixture
def environment(aws: AwsNames, athena: Athena, lake: Path) -> Iterator[Environment]:
    with mock.patch.dict(os.environ, {EMR_CLUSTER: f"{aws.base}-nightly"}), athena.kept_running():
        yield Environment(aws, athena, lake)


def tick(names: AwsNames, instance: dg.DagsterInstance, home: Path) -> str:
    """Evaluate the sensor of a deployment; give what it says."""
    sensor = orphan_sensor(Deployment(home=home, aws=names))
    with dg.build_sensor_context(instance=instance) as context:
        found = sensor(context)
    assert isinstance(found, dg.SkipReason)
    return str(found.skip_message)


def test_all_that_an_ended_run_has_left_is_stopped_and_reported(
    environment: Environment,
    step_functions: StepFunctions,
    jobs: EmulatedJobs,
    given: dict[str, list[str]],
    instance: dg.DagsterInstance,
    tmp_path: Path,
) -> None:
    run_id = run_of(instance, HOUR_AGO)
    query_id = environment.query(run_id)
    environment.execution(run_id)
    for kind in ("glue", "emr-serverless", "cluster"):
        environment.job(kind, run_id, given, cluster=f"{environment.names.base}-nightly")
    assert len(environment.athena.queries) == 2

    said = tick(environment.names, instance, tmp_path)
    wait_for(lambda: {q.state for q in environment.athena.queries.values()} == {"CANCELLED"})
    assert [e.status for e in step_functions.executions.values()] == ["ABORTED"]
    ended(jobs)
    assert [p.outcome for p in jobs.services.processes] == ["stopped"] * 3
    assert f"Athena query {query_id} (run {run_id[:8]})" in said
    for name in ("Step Functions execution", "Glue job", "EMR Serverless", "EMR cluster"):
        assert name in said
    assert (
        tick(environment.names, instance, tmp_path) == "Nothing of ended runs was running on AWS."
    )


@pytest.mark.parametrize("case", ["in progress", "retried", "just ended", "unknown", "nobody's"])
def test_what_may_still_be_waited_for_goes_on(
    environment: Environment,
    step_functions: StepFunctions,
    jobs: EmulatedJobs,
    given: dict[str, list[str]],
    instance: dg.DagsterInstance,
    tmp_path: Path,
    case: str,
) -> None:
    run_id: str | None = make_new_run_id()
    if case == "in progress":
        run_id = run_of(instance)
    elif case == "retried":
        run_id = run_of(instance, HOUR_AGO)
        run_of(instance, HOUR_AGO, root=run_id)
        run_of(instance, root=run_id)
    elif case == "just ended":
        run_id = run_of(instance, HOUR_AGO)
        run_of(instance, dt.datetime.now(dt.UTC) - dt.timedelta(minutes=14), root=run_id)
    elif case == "nobody's":
        run_id = None
    # What is stopped beside it shows that the look was a look.
    stopped = environment.query(run_of(instance, HOUR_AGO))
    query_id = environment.query(run_id)
    environment.execution(run_id)
    if run_id:
        environment.job("glue", run_id, given)

    said = tick(environment.names, instance, tmp_path)
    wait_for(lambda: environment.athena.queries[stopped].state == "CANCELLED")
    assert {q.state for i, q in environment.athena.queries.items() if i != stopped} == {"RUNNING"}
    assert environment.athena.queries[query_id].state == "RUNNING"
    assert [e.status for e in step_functions.executions.values()] == ["RUNNING"]
    assert all(p.outcome == "running" for p in jobs.services.processes)
    assert said.startswith(f"Stopped 1 of ended runs: Athena query {stopped} ")
    why = {"retried": "in progress", "just ended": "ended a short while ago"}.get(case)
    why = why or (case if case == "in progress" else "not known here")
    assert f"{4 if run_id else 3} of runs {why}" in said


def test_a_chain_whose_retries_have_all_ended_is_over(
    environment: Environment, step_functions: StepFunctions, jobs: EmulatedJobs,
    instance: dg.DagsterInstance, tmp_path: Path,
) -> None:  # fmt: skip
    root = run_of(instance, HOUR_AGO)
    run_of(instance, HOUR_AGO, root=root)
    query_id = environment.query(root)
    assert "Stopped 1" in tick(environment.names, instance, tmp_path)
    wait_for(lambda: environment.athena.queries[query_id].state == "CANCELLED")


def test_another_environment_is_left_alone(
    aws_endpoint: str, back_end: MakeBackEnd, environment: Environment,
    step_functions: StepFunctions, jobs: EmulatedJobs, given: dict[str, list[str]],
    instance: dg.DagsterInstance, tmp_path: Path,
) -> None:  # fmt: skip
    run_id, cluster = run_of(instance, HOUR_AGO), f"{environment.names.base}-nightly"
    with (
        new_environment(aws_endpoint) as names,
        emulated_athena(aws_endpoint, names, tmp_path, back_end) as athena,
        athena.kept_running(),
    ):
        create_jobs(names)
        other = Environment(names, athena, environment.folder)
        query_id = other.query(run_id)
        for kind in ("glue", "emr-serverless", "cluster"):
            other.job(kind, run_id, given, cluster)
        with mock.patch.dict(os.environ, variables_of(aws_endpoint, environment.names)):
            said = tick(environment.names, instance, tmp_path)
        assert said == "Nothing of ended runs was running on AWS."
        assert athena.queries[query_id].state == "RUNNING"
        assert [p.outcome for p in jobs.services.processes] == ["running"] * 3
        # Their own environment does stop them.
        with pytest.raises(RuntimeError, match=r"Stopped 4 .*Cannot list .*state machine"):
            tick(names, instance, tmp_path)
        wait_for(lambda: athena.queries[query_id].state == "CANCELLED")
    ended(jobs)
    assert [p.outcome for p in jobs.services.processes] == ["stopped"] * 3


def test_one_that_has_ended_meanwhile_is_no_failure(
    environment: Environment, step_functions: StepFunctions, jobs: EmulatedJobs,
    given: dict[str, list[str]], instance: dg.DagsterInstance,
) -> None:  # fmt: skip
    run_id = run_of(instance, HOUR_AGO)
    environment.query(run_id)
    environment.execution(run_id)
    cluster = f"{environment.names.base}-nightly"
    for kind in ("glue", "emr-serverless", "cluster"):
        environment.job(kind, run_id, given, cluster)
    found = [r for finder in finders(environment.names, cluster).values() for r in finder()]
    assert len(found) == 6
    assert {r.run_id for r in found} == {run_id}
    assert [r.stop() for r in found[:-2]] == [True] * 4
    jobs.services.close()
    ended(jobs)
    wait_for(
        lambda: {q.state for q in environment.athena.queries.values()} <= {"CANCELLED", "RUNNING"}
    )
    for running in found[-2:]:
        running.stop()
    wait_for(lambda: {q.state for q in environment.athena.queries.values()} == {"CANCELLED"})
    assert [r.stop() for r in found] == [False] * 6


def test_a_service_that_refuses_keeps_no_other_from_being_looked_at(
    environment: Environment, jobs: EmulatedJobs, given: dict[str, list[str]],
    instance: dg.DagsterInstance, tmp_path: Path,
) -> None:  # fmt: skip
    run_id = run_of(instance, HOUR_AGO)
    query_id = environment.query(run_id)
    environment.job("glue", run_id, given)
    # No state machine was made.
    with pytest.raises(RuntimeError) as raised:
        tick(environment.names, instance, tmp_path)
    assert "Stopped 2" in str(raised.value)
    assert (
        f"Cannot list the executions of state machine {environment.names.state_machine_arn}"
        in str(raised.value)
    )
    assert "does not exist" in str(raised.value)
    wait_for(lambda: environment.athena.queries[query_id].state == "CANCELLED")
    ended(jobs)
    assert [p.outcome for p in jobs.services.processes] == ["stopped"]


def test_leases_are_looked_at_where_the_runs_are_of_this_machine(
    environment: Environment, step_functions: StepFunctions, jobs: EmulatedJobs,
    instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def status_after(where: dg.DagsterInstance) -> dg.DagsterRunStatus:
        run_id = run_of(where)
        left = Path(where.root_directory) / "leases" / run_id
        left.parent.mkdir()
        left.write_text(clock.now().clock)
        tick(environment.names, where, tmp_path)
        found = where.get_run_by_id(run_id)
        assert found
        return found.status

    assert status_after(instance) == dg.DagsterRunStatus.STARTED
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with instance_of(Deployment(home=tmp_path, aws=environment.names)) as own:
        assert status_after(own) == dg.DagsterRunStatus.FAILURE


def test_a_stop_that_is_refused_is_reported(
    environment: Environment, step_functions: StepFunctions, jobs: EmulatedJobs,
    given: dict[str, list[str]], instance: dg.DagsterInstance, tmp_path: Path,
) -> None:  # fmt: skip
    environment.job("glue", run_of(instance, HOUR_AGO), given)
    (process,) = jobs.services.processes
    refused = {"JobName": "", "JobRunId": process.run_id, "ErrorDetail": {"ErrorMessage": "Busy"}}
    answer = mock.patch.object(
        jobs.services, "glue_batch_stop_job_run", return_value={"Errors": [refused]}
    )
    with answer, pytest.raises(RuntimeError, match=rf"Cannot stop Glue job .*{process.run_id}: Bu"):
        tick(environment.names, instance, tmp_path)
    assert process.outcome == "running"
    assert "Stopped 1" in tick(environment.names, instance, tmp_path)


def test_a_query_behind_many_newer_ones_is_found(
    environment: Environment, step_functions: StepFunctions, jobs: EmulatedJobs,
    instance: dg.DagsterInstance, tmp_path: Path,
) -> None:  # fmt: skip
    query_id = environment.query(run_of(instance, HOUR_AGO))
    request = {**environment.athena.queries[query_id].request, "QueryString": SQL}
    for number in range(60):
        environment.athena.call(
            "StartQueryExecution", {**request, "ClientRequestToken": f"{number:032}"}
        )
    said = tick(environment.names, instance, tmp_path)
    assert f"Stopped 1 of ended runs: Athena query {query_id}" in said
    assert "Left alone: 60 of runs not known here." in said


def test_temporary_tables_that_killed_runs_left_are_dropped_after_days(
    environment: Environment, step_functions: StepFunctions, jobs: EmulatedJobs,
    given: dict[str, list[str]], instance: dg.DagsterInstance,
) -> None:  # fmt: skip
    files = next(iter(given.values()))
    left = mount(GlueLake(environment.names, environment.folder), files)
    kept = sorted(environment.folder.rglob("*.parquet"))
    now = dt.datetime.now(dt.UTC)
    assert sweep(environment.names, instance, (now + dt.timedelta(days=1)).timestamp()).dropped == 0
    swept = sweep(environment.names, instance, (now + dt.timedelta(days=3)).timestamp())
    assert (swept.dropped, swept.problems) == (1, [])
    assert "Dropped 1 temporary tables that killed runs left." in swept.summary()
    database, _, _table = left.partition(".")
    glue = client("glue", environment.names.region)
    assert glue.get_tables(DatabaseName=database)["TableList"] == []
    assert sorted(environment.folder.rglob("*.parquet")) == kept
