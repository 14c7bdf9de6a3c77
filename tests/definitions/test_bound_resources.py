"""A run's configuration points no resource elsewhere, on a machine or on AWS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._config import Shape

from customer360_assets.assembly import definitions_of
from customer360_assets.planning.outstanding import DAILY_JOB
from customer360_assets.publishing.platform import RESOURCES
from resources.account.aws_names import AwsNames
from resources.deployment.deployment import Deployment
from resources.wiring.deployed import resources_of

AWS = AwsNames(account="1" * 12, region="eu-central-1", environment="branch-bound")


@pytest.fixture(params=[None, AWS], ids=["local", "aws"])
def deployment(request: pytest.FixtureRequest, tmp_path: Path) -> Deployment:
    return Deployment(home=tmp_path / "home", landing=tmp_path / "landing", aws=request.param)


def jobs(deployment: Deployment) -> Iterator[dg.JobDefinition]:
    yield from definitions_of(deployment).get_repository_def().get_all_jobs()


def accepts(job: dg.JobDefinition, resources: dict[str, Any]) -> bool:
    """Return True if Dagster would run a job with this configuration of its resources."""
    try:
        dg.validate_run_config(job, {"resources": resources})
    except dg.DagsterInvalidConfigError:
        return False
    return True


def test_no_resource_of_a_job_has_a_setting(deployment: Deployment) -> None:
    seen = set()
    for job in jobs(deployment):
        for name, resource in job.resource_defs.items():
            seen.add(name)
            kind = resource.config_schema.config_type
            assert isinstance(kind, Shape), (job.name, name)
            assert kind.fields == {}, (job.name, name)
            assert not accepts(job, {name: {"config": {"x": "y"}}}), (job.name, name)
    assert seen >= {*RESOURCES, "io_manager"}


def test_every_field_of_a_resource_is_refused(deployment: Deployment) -> None:
    job = next(job for job in jobs(deployment) if job.name == DAILY_JOB)
    tried = 0
    for name, resource in resources_of(deployment).items():
        for field in type(resource).model_fields:
            tried += 1
            # Its own value, which is of the right type.
            value = resource.model_dump(mode="json").get(field)
            assert not accepts(job, {name: {"config": {field: value}}}), (name, field)
    assert tried >= 7


def test_a_job_without_such_configuration_runs(deployment: Deployment) -> None:
    for job in jobs(deployment):
        assert accepts(job, {})


def test_a_run_takes_in_nothing_of_another_folder(tmp_path: Path) -> None:
    there = tmp_path / "elsewhere" / "card"
    there.mkdir(parents=True)
    (there / "card0020240523-1.csv").write_bytes(b"4000000000000000,1,classic,2024-05-23\n")
    (tmp_path / "landing").mkdir()
    home = Deployment(home=tmp_path / "home", landing=tmp_path / "landing")
    job = definitions_of(home, loggers={}).resolve_job_def("take_in_deliveries")
    elsewhere = {"resources": {"landing": {"config": {"directory": str(there.parent)}}}}
    with dg.instance_for_test() as instance, pytest.raises(dg.DagsterInvalidConfigError):
        job.execute_in_process(elsewhere, instance=instance, partition_key="2024-05-23")
    assert not list((tmp_path / "home").rglob("*.csv"))
    assert not (tmp_path / "home" / "archive").exists()
