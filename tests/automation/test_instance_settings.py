"""The instance as dagster.yaml sets it up: slots of the engines, and what ended runs leave."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import dagster as dg
import pytest
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.events import DagsterEvent
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.test_utils import freeze_time
from dagster._daemon.monitoring.concurrency import execute_concurrency_slots_iteration
from dagster._daemon.run_coordinator.queued_run_coordinator_daemon import QueuedRunCoordinatorDaemon

from customer360_assets.assembly import definitions_of
from customer360_assets.runs.instance import instance_of
from resources.deployment.deployment import Deployment


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with instance_of(Deployment(home=tmp_path)) as instance:
        yield instance


def test_every_asset_takes_a_slot_of_its_engine(tmp_path: Path) -> None:
    definitions = definitions_of(Deployment(home=tmp_path))
    pools = {
        op.pool
        for assets in definitions.resolve_asset_graph().assets_defs
        if assets.is_executable and assets.keys
        for op in [assets.op]
    }
    assert pools == {"raw", "sql", "spark", "store"}


def test_a_pool_has_two_slots_and_the_daemon_frees_those_of_an_ended_run(
    instance: dg.DagsterInstance,
) -> None:
    slots = instance.event_log_storage
    runs = [dg.DagsterRun("day", run_id=f"run-{n}") for n in range(3)]
    for run in runs:
        instance.add_run(run)
    slots.initialize_concurrency_limit_to_default("spark")
    claims = [slots.claim_concurrency_slot("spark", run.run_id, "step") for run in runs]
    assert [claim.is_claimed for claim in claims] == [True, True, False]
    # The first run's process is gone: it ended, and gave nothing back.
    instance.report_run_failed(runs[0])
    _monitor(instance, after=30)
    assert not slots.claim_concurrency_slot("spark", runs[2].run_id, "step").is_claimed
    _monitor(instance, after=90)
    assert slots.claim_concurrency_slot("spark", runs[2].run_id, "step").is_claimed


def _monitor(instance: dg.DagsterInstance, after: int) -> None:
    """Run the daemon's monitoring, some seconds from now."""
    workspace = SimpleNamespace(instance=instance)
    later = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=after)
    with freeze_time(later):
        for _ in execute_concurrency_slots_iteration(cast(Any, workspace), logging.getLogger()):
            pass


def test_ended_runs_are_watched(instance: dg.DagsterInstance) -> None:
    assert instance.run_monitoring_enabled
    settings = instance.get_settings("run_monitoring")
    assert settings["free_slots_after_run_end_seconds"] == 60
    assert instance.get_settings("freshness")["enabled"] is True


def test_a_queue_takes_the_day_before_a_backfill(instance: dg.DagsterInstance) -> None:
    queue = instance.get_concurrency_config().run_queue_config
    assert queue is not None
    assert queue.max_concurrent_runs == 4


def test_a_run_stays_queued_while_the_code_location_does_not_answer(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: object) -> None:
        raise DagsterUserCodeUnreachableError("no answer")

    there = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("here"), "here")
    queued, origin = dg.DagsterRunStatus.QUEUED, RemoteJobOrigin(there, "day")
    run = instance.add_run(dg.DagsterRun("day", status=queued, remote_job_origin=origin))
    instance.report_dagster_event(DagsterEvent.job_enqueue(run), run_id=run.run_id)
    monkeypatch.setattr(type(instance.run_launcher), "launch_run", silent)
    workspace = SimpleNamespace(instance=instance, create_request_context=lambda: None)
    daemon = QueuedRunCoordinatorDaemon(interval_seconds=5)
    list(daemon.run_iteration(cast(Any, workspace)))
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    assert found.status == queued
