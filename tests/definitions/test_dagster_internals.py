"""What this project knows of Dagster's private names; a release that changes one fails its test."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import dagster as dg
import pytest
from dagster._core.execution.backfill import PartitionBackfill

from resources import dagster_internals as internals
from tests.structure.shapes import shape

SHAPES: dict[str, Any] = {
    "ASSET_PARTITION_RANGE_END_TAG": "dagster/asset_partition_range_end",
    "ASSET_PARTITION_RANGE_START_TAG": "dagster/asset_partition_range_start",
    "AUTO_RETRY_RUN_ID_TAG": "dagster/auto_retry_run_id",
    "BACKFILL_ID_TAG": "dagster/backfill",
    "BulkActionStatus": {
        name: name
        for name in (
            "REQUESTED", "COMPLETED", "FAILED", "CANCELING", "CANCELED", "COMPLETED_SUCCESS",
            "COMPLETED_FAILED", "FAILING",
        )
    },
    "ConfigurableClassData": "module_name class_name config_yaml",
    "EventHandlerFn": Callable[[dg.EventLogEntry, str], None],
    "FINISHED_STATUSES": [
        dg.DagsterRunStatus.SUCCESS,
        dg.DagsterRunStatus.FAILURE,
        dg.DagsterRunStatus.CANCELED,
    ],
    "INIT_POLL_PERIOD": 0.25,
    "InProcessCodeLocationOrigin": (
        "loadable_target_origin container_image= entry_point= container_context= location_name="
    ),
    "InstigatorStatus": {
        name: name
        for name in ("RUNNING", "STOPPED", "DECLARED_IN_CODE", "AUTOMATICALLY_RUNNING")
    },
    "InstigatorType": {name: name for name in ("SCHEDULE", "SENSOR", "AUTO_MATERIALIZE")},
    "MAX_POLL_PERIOD": 16.0,
    "PRIORITY_TAG": "dagster/priority",
    "ROOT_RUN_ID_TAG": "dagster/root_run_id",
    "RUN_KEY_TAG": "dagster/run_key",
    "SqliteEventLogStorage": "base_dir inst_data=",
    "SqliteEventLogStorageWatchdog": "event_log_storage run_id callback cursor **kwargs",
    "TickStatus": {name: name for name in ("STARTED", "SKIPPED", "SUCCESS", "FAILURE")},
    "WILL_RETRY_TAG": "dagster/will_retry",
    "WorkspaceProcessContext": (
        "instance workspace_load_target version= read_only= grpc_server_registry="
        " code_server_log_level= server_command="
    ),
    "configure_loggers": "handler= formatter= log_level=",
}  # fmt: skip


@dg.sensor(name="a_sensor", job_name="a_job")
def _sensor() -> None: ...


@dg.job(name="a_job")
def _job() -> None: ...


defs = dg.Definitions(jobs=[_job], sensors=[_sensor])


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp() as instance:
        yield instance


@pytest.mark.parametrize("name", SHAPES)
def test_shape(name: str) -> None:
    assert shape(getattr(internals, name)) == SHAPES[name]


def test_and_automation_condition() -> None:
    both: Any = dg.AutomationCondition.missing() & ~dg.AutomationCondition.in_progress()
    assert type(both) is internals.AndAutomationCondition
    assert both.with_label("why").label == "why"


def test_bulk_actions_filter(instance: dg.DagsterInstance) -> None:
    status = internals.BulkActionStatus
    for name, state in (("going", status.REQUESTED), ("ended", status.COMPLETED_SUCCESS)):
        instance.add_backfill(
            PartitionBackfill(name, state, from_failure=False, tags={}, backfill_timestamp=1.0)
        )
    under_way = internals.BulkActionsFilter(statuses=[status.REQUESTED, status.CANCELING])
    assert [b.backfill_id for b in instance.get_backfills(filters=under_way)] == ["going"]


def test_daemon_module() -> None:
    from dagster._daemon import __name__ as package
    from dagster._daemon.cli import cli

    assert package == internals.DAEMON_MODULE
    run = cli.get_command(click.Context(cli), "run")
    assert run is not None
    assert "-w" in {option for parameter in run.params for option in parameter.opts}


@pytest.mark.parametrize("name", ["PlanOrchestrationContext", "ExecutionPlan"])
def test_what_an_executor_is_given(name: str) -> None:
    given = {"plan_context": "PlanOrchestrationContext", "execution_plan": "ExecutionPlan"}
    asked = {k: v for k, v in dg.Executor.execute.__annotations__.items() if k != "return"}
    assert asked == given
    assert getattr(internals, name).__name__ == name
    assert isinstance(internals.PlanOrchestrationContext.run_id, property)
    assert isinstance(internals.PlanOrchestrationContext.instance, property)


@pytest.mark.parametrize("name", ["LoadableTargetOrigin", "RemoteSensor"])
def test_the_sensors_of_a_code_location(instance: dg.DagsterInstance, name: str) -> None:
    code = internals.LoadableTargetOrigin(module_name=__name__)
    origin = internals.InProcessCodeLocationOrigin(code, location_name="here")
    with origin.create_location(instance) as location:
        (repository,) = location.get_repositories().values()
        (sensor,) = repository.get_sensors()
        assert name != "RemoteSensor" or isinstance(sensor, internals.RemoteSensor)
        assert sensor.name == "a_sensor"
        instance.start_sensor(sensor)
        assert _states(instance) == {"a_sensor": internals.InstigatorStatus.RUNNING}
        instance.stop_sensor(sensor.get_remote_origin_id(), sensor.selector_id, sensor)
        assert _states(instance) == {"a_sensor": internals.InstigatorStatus.STOPPED}


def _states(instance: dg.DagsterInstance) -> dict[str, Any]:
    kind = internals.InstigatorType.SENSOR
    states = instance.all_instigator_state(instigator_type=kind)
    return {state.instigator_name: state.status for state in states}


@pytest.mark.parametrize("name", ["SqliteRunStorage", "SqlRunStorage"])
def test_the_record_of_a_home(instance: dg.DagsterInstance, name: str) -> None:
    assert isinstance(instance.run_storage, getattr(internals, name))


def test_the_id_of_a_record(instance: dg.DagsterInstance) -> None:
    storage = typing.cast(internals.SqlRunStorage, instance.run_storage)
    assert storage.get_run_storage_id() == storage.get_run_storage_id()
    with dg.DagsterInstance.local_temp() as other:
        other_storage = typing.cast(internals.SqlRunStorage, other.run_storage)
        assert other_storage.get_run_storage_id() != storage.get_run_storage_id()


def test_sql_event_log_storage_table() -> None:
    assert internals.SqlEventLogStorageTable.columns.keys() == [
        "id", "run_id", "event", "dagster_event_type", "timestamp", "step_key", "asset_key",
        "partition",
    ]  # fmt: skip


def test_unresolved_asset_job_definition() -> None:
    made = dg.define_asset_job("some", dg.AssetSelection.all())
    assert type(made) is internals.UnresolvedAssetJobDefinition


def test_workspace_file_target(tmp_path: Path) -> None:
    file = tmp_path / "workspace.yaml"
    file.write_text(
        f"load_from:\n  - python_module: {{module_name: {__name__}, location_name: here}}\n",
        "utf-8",
    )
    (origin,) = internals.WorkspaceFileTarget([str(file)]).create_origins()
    assert origin.location_name == "here"


def test_every_name_has_a_test() -> None:
    tested = {
        *SHAPES, "AndAutomationCondition", "BulkActionsFilter", "DAEMON_MODULE",
        "ExecutionPlan", "LoadableTargetOrigin", "PlanOrchestrationContext", "RemoteSensor",
        "SqlEventLogStorageTable", "SqlRunStorage", "SqliteRunStorage",
        "UnresolvedAssetJobDefinition", "WorkspaceFileTarget",
    }  # fmt: skip
    assert set(internals.__all__) == tested
