"""A failed job is reported with its reason and without data, and leaves nothing running."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from pathlib import Path

import pytest

from resources.account.aws_names import AwsNames
from resources.account.client import client
from resources.account.errors import AwsError
from resources.protocols.spark_engine import SparkJobError
from resources.s3.mirror import Mirror
from tests.aws.jobs.job_environment import HASTY, EmulatedJobs, create_jobs, emulated_jobs
from tests.aws.jobs.job_fixtures import ended, given, lake
from tests.aws.jobs.job_fixtures import jobs_on_each_machine as jobs
from tests.aws.jobs.job_scripts import MAY, SECRET, engine, output_of, script_of, work

pytestmark = pytest.mark.slow

__all__ = ["given", "jobs", "lake"]
KINDS = ["glue", "emr-serverless", "cluster"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_script_that_exits_with_3(
    jobs: EmulatedJobs, lake: Path, given: dict[str, list[str]], kind: str
) -> None:
    script = script_of("exits", lake)
    with pytest.raises(SparkJobError, match=r"ended as FAILED: .*exit code 3"):
        engine(kind, lake).run(script, given, output_of(lake, "r"), MAY)
    assert [p.process and p.process.returncode for p in jobs.services.processes] == [3]


@pytest.mark.parametrize("kind", ["glue", "cluster"])
def test_the_reason_is_reported_after_the_failure(
    jobs: EmulatedJobs, lake: Path, given: dict[str, list[str]], kind: str
) -> None:
    script = script_of("fails", lake)
    with pytest.raises(SparkJobError, match=r"ended as FAILED: stage.customer: 2 clients are"):
        engine(kind, lake).run(script, given, output_of(lake, "r"), MAY)


@pytest.mark.parametrize(("kind", "name"), [("glue", "exhausts"), ("emr-serverless", "quotes")])
def test_what_a_log_quotes_is_shown_nowhere(
    jobs: EmulatedJobs, lake: Path, given: dict[str, list[str]], kind: str, name: str,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG, logger="step")
    work("r", "r")
    with pytest.raises(SparkJobError, match=r"ended as FAILED: .*Error") as failure:
        engine(kind, lake).run(script_of(name, lake), given, output_of(lake, "r"), MAY)
    (process,) = jobs.services.processes
    assert SECRET in "\n".join(text for _, text in process.lines)
    assert SECRET not in str(failure.value)
    assert failure.value.__cause__ is None
    assert SECRET not in caplog.text


@pytest.mark.parametrize("kind", ["glue", "emr-serverless"])
def test_the_deadline_stops_the_job(
    jobs: EmulatedJobs, lake: Path, given: dict[str, list[str]], kind: str
) -> None:
    script, patience = script_of("forever", lake), replace(HASTY, deadline=1.0)
    with pytest.raises(SparkJobError, match=r"RUNNING after 1 s, which is the deadline. It was st"):
        engine(kind, lake, patience).run(script, given, output_of(lake, "r"), MAY)
    ended(jobs)


@pytest.mark.parametrize("kind", ["glue", "cluster"])
def test_a_state_that_is_not_known_is_named_and_not_waited_for(
    jobs: EmulatedJobs, lake: Path, given: dict[str, list[str]], kind: str
) -> None:
    jobs.services.shown = "MYSTERY"
    with pytest.raises(SparkJobError, match=r"the state MYSTERY is not known here, and held for 1"):
        engine(kind, lake).run(script_of("forever", lake), given, output_of(lake, "r"), MAY)
    ended(jobs)


def test_a_job_that_its_service_ends(
    aws: AwsNames, aws_endpoint: str, lake: Path, given: dict[str, list[str]]
) -> None:
    with emulated_jobs(aws_endpoint, minute=0.1) as jobs:
        create_jobs(aws)
        with pytest.raises(SparkJobError, match=r"ended as TIMEOUT: it ran longer"):
            engine("glue", lake).run(script_of("forever", lake), given, output_of(lake, "r"), MAY)
        ended(jobs)


@pytest.mark.long
def test_throttled_calls_are_repeated_and_start_one_job(
    aws: AwsNames, jobs: EmulatedJobs, lake: Path, given: dict[str, list[str]]
) -> None:
    for operation in ("StartJobRun", "GetJobRun", "GetJobRuns"):
        jobs.server.throttled[f"AWSGlue.{operation}"] = 2
    script = script_of("write", lake)
    done = engine("glue", lake).run(script, given, output_of(lake, "r"), MAY)
    assert done.rows == 3
    assert not any(jobs.server.throttled.values())
    assert len(jobs.services.processes) == 1


def test_a_service_that_refuses_for_good(
    jobs: EmulatedJobs, lake: Path, given: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    # One attempt instead of ten with growing waits.
    monkeypatch.setattr("resources.account.client.ATTEMPTS", 1)
    jobs.server.throttled["AWSGlue.GetJobRuns"] = 1000
    from resources.account import client as aws_client

    aws_client._client.cache_clear()
    with pytest.raises(AwsError, match=r"^Cannot find Glue job .*throttled.* run it again"):
        engine("glue", lake).run(script_of("write", lake), given, output_of(lake, "r"), MAY)
    aws_client._client.cache_clear()
    assert not jobs.services.processes


@pytest.mark.long
def test_more_jobs_than_the_service_takes_at_once(
    aws: AwsNames, jobs: EmulatedJobs, lake: Path, given: dict[str, list[str]]
) -> None:
    glue = client("glue", aws.region)
    blocked = script_of("write", lake)
    code = {"--scriptLocation": f"{aws.code}/nothing.py"}
    for _ in range(3):
        glue.start_job_run(JobName=aws.glue_job("customer_history"), Arguments=code)
    impatient = replace(HASTY, crowded=0.0)
    with pytest.raises(AwsError, match="throttle"):
        engine("glue", lake, impatient).run(blocked, given, output_of(lake, "r"), MAY)
    assert len(jobs.services.processes) == 3
    # They fail at once for want of their script: with patience, there is a place.
    assert engine("glue", lake).run(blocked, given, output_of(lake, "r"), MAY).rows == 3


def test_a_missing_input_fails_the_job(
    aws: AwsNames, jobs: EmulatedJobs, lake: Path, given: dict[str, list[str]]
) -> None:
    gone = [*given["stage.customer"], f"{aws.schema_location('stage')}/customer/data/gone.parquet"]
    with pytest.raises(SparkJobError, match=r"reading stage.customer: .*PATH_NOT_FOUND"):
        engine("glue", lake).run(
            script_of("write", lake), {"stage.customer": gone}, output_of(lake, "r"), MAY
        )
    with pytest.raises(SparkJobError, match=r"no file of stage.customer"):
        engine("glue", lake).run(
            script_of("write", lake), {"stage.customer": []}, output_of(lake, "r"), MAY
        )
    assert (
        not Mirror(lake, aws)
        .s3.list_objects_v2(Bucket=aws.bucket("analytics"), Prefix="warehouse/")
        .get("Contents")
    )


def test_every_state_that_the_services_have_is_known() -> None:
    import botocore.session

    from resources.jobs import emr_cluster_engine, emr_serverless_engine, glue_engine

    for service, shape, known in (
        ("glue", "JobRunState", glue_engine.PHASES),
        ("emr-serverless", "JobRunState", emr_serverless_engine.PHASES),
        ("emr", "StepState", emr_cluster_engine.PHASES),
    ):
        model = botocore.session.get_session().get_service_model(service)
        assert set(model.shape_for(shape).enum) == set(known)
        assert not any(re.search("FAIL|CANCELLED|ERROR|TIME", s) and p == "succeeded"
                       for s, p in known.items())  # fmt: skip
