"""What can be switched on: off at first, named for an operator, and what it asks for."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.schedule_definition import ScheduleExecutionData
from dagster._utils.schedules import schedule_execution_time_iterator

from customer360_assets.assembly import definitions_of
from customer360_assets.planning.holds import record_rollback
from resources.deployment.deployment import Deployment


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    home: Path = tmp_path_factory.mktemp("nowhere")
    return definitions_of(Deployment(home=home, first_business_date=dt.date(2024, 1, 1)))


def _evaluated(
    definitions: dg.Definitions,
    schedule: dg.ScheduleDefinition,
    instance: dg.DagsterInstance,
    scheduled: dt.datetime,
) -> ScheduleExecutionData:
    # Closed before the instance: a context that is left open leaves the instance's storage behind.
    with dg.build_schedule_context(
        instance,
        scheduled_execution_time=scheduled,
        repository_def=definitions.get_repository_def(),
    ) as context:
        return schedule.evaluate_tick(context)


def test_the_day_is_closed_the_morning_after(definitions: dg.Definitions) -> None:
    schedule = definitions.resolve_schedule_def("close_the_business_day")
    assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED
    morning = dt.datetime(2024, 5, 24, 6, 15, tzinfo=dt.UTC)
    with dg.DagsterInstance.local_temp() as instance:
        (request,) = _evaluated(definitions, schedule, instance, morning).run_requests or ()
    assert request.partition_key == "2024-05-23"
    assert request.tags["dagster/priority"] == "10"


def test_the_day_before_the_first_delivery_is_not_closed(tmp_path: Path) -> None:
    first = dt.date(2024, 5, 24)
    definitions = definitions_of(Deployment(home=tmp_path, first_delivery=first))
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_schedule_context(
            instance,
            scheduled_execution_time=dt.datetime(2024, 5, 24, 6, 15, tzinfo=dt.UTC),
            repository_def=definitions.get_repository_def(),
        )
        done = definitions.resolve_schedule_def("close_the_business_day").evaluate_tick(context)
    assert not done.run_requests
    assert "2024-05-23" in str(done.skip_message)


def test_a_day_that_was_rolled_back_is_not_closed(definitions: dg.Definitions) -> None:
    schedule = definitions.resolve_schedule_def("close_the_business_day")
    with dg.DagsterInstance.local_temp() as instance:
        record_rollback(instance, "stage.card", dt.date(2024, 5, 23), "old", "snapshot 1", "new")
        morning = dt.datetime(2024, 5, 24, 6, 15, tzinfo=dt.UTC)
        done = _evaluated(definitions, schedule, instance, morning)
    assert not done.run_requests
    assert "2024-05-23: stage.card." in str(done.skip_message)


def test_deadlines_are_looked_at_where_the_schedule_works_alone(
    definitions: dg.Definitions,
) -> None:
    schedule = definitions.resolve_schedule_def("look_at_deadlines")
    assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED
    # After the last moment that a delivery may come, and after the day was closed.
    morning = dt.datetime(2024, 5, 24, 6, 45, tzinfo=dt.UTC)
    times = schedule_execution_time_iterator(
        morning.timestamp() - 3600, str(schedule.cron_schedule), schedule.execution_timezone
    )
    assert next(times) == morning
    job = definitions.resolve_job_def(schedule.job_name)
    assert {node.name for node in job.graph.nodes} == {"on_time"}
    with dg.DagsterInstance.ephemeral() as instance:
        done = _evaluated(definitions, schedule, instance, morning)
        assert len(done.run_requests or ()) == 1


def test_a_business_day_is_all_assets_of_the_date_and_no_deadline(
    definitions: dg.Definitions,
) -> None:
    job = definitions.resolve_job_def("business_day")
    assets = {".".join(key.path) for key in job.asset_layer.executable_asset_keys}
    everything = {".".join(s.key.path) for s in definitions.resolve_all_asset_specs()}
    assert assets == {table for table in everything if not table.startswith("source.")}
    checks = {check.name for check in job.asset_layer.asset_graph.asset_check_keys}
    assert "contract" in checks
    assert "on_time" not in {node.name for node in job.graph.nodes}


def test_what_starts_runs_is_off_until_somebody_switches_it_on(
    definitions: dg.Definitions,
) -> None:
    for name in ("new_and_late_deliveries", "alerts"):
        sensor = definitions.resolve_sensor_def(name)
        assert sensor.default_status is dg.DefaultSensorStatus.STOPPED
        assert sensor.description
