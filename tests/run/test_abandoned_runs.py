"""Runs whose process is gone are ended; no other run is."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import dagster as dg
import pytest
from dagster._core.events import EngineEventData

from customer360_assets.instance import PID_TAG, close_abandoned_runs

GONE = dg.DagsterRunStatus.FAILURE
HERE = dg.DagsterRunStatus.STARTED


@dg.job
def nothing() -> None:
    """Do nothing."""


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def _started(instance: dg.DagsterInstance, pid: int | None, tagged: bool) -> str:
    """Give a run that a process has begun, told by tag (command line) or by event (the UI)."""
    tags = {PID_TAG: str(pid)} if tagged and pid else {}
    run = instance.create_run_for_job(nothing, tags=tags, status=dg.DagsterRunStatus.STARTING)
    if pid and not tagged:
        data = EngineEventData(metadata={"pid": dg.MetadataValue.text(str(pid))})
        instance.report_engine_event("Started process for run", run, data)
    if pid:
        instance.report_dagster_event(
            dg.DagsterEvent(dg.DagsterEventType.RUN_START.value, nothing.name), run.run_id
        )
    return run.run_id


def _ended_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.parametrize("tagged", [True, False], ids=["command line", "UI"])
def test_a_run_without_its_process_is_ended(instance: dg.DagsterInstance, tagged: bool) -> None:
    gone = _started(instance, _ended_process(), tagged)
    here = _started(instance, os.getpid(), tagged)
    waiting = _started(instance, None, tagged)
    assert close_abandoned_runs(instance) == [gone]
    status = {run.run_id: run.status for run in instance.get_runs()}
    assert status == {gone: GONE, here: HERE, waiting: dg.DagsterRunStatus.STARTING}


def test_a_number_that_was_given_again_is_not_the_process(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = _started(instance, os.getpid(), tagged=False)
    assert close_abandoned_runs(instance) == []
    later = time.time() + 3600
    monkeypatch.setattr("customer360_assets.instance._started", lambda _pid: later)
    assert close_abandoned_runs(instance) == [run_id]


def test_a_retry_is_not_told_by_the_process_of_the_run_that_it_repeats(
    instance: dg.DagsterInstance,
) -> None:
    """The UI gives a retry the tags of its parent, the number of the process that is gone too."""
    gone = _started(instance, _ended_process(), tagged=True)
    parent = instance.get_run_by_id(gone)
    assert parent
    retry = instance.create_run_for_job(
        nothing, tags=parent.tags, parent_run_id=gone, root_run_id=gone,
        status=dg.DagsterRunStatus.STARTED,
    )  # fmt: skip
    data = EngineEventData(metadata={"pid": dg.MetadataValue.text(str(os.getpid()))})
    instance.report_engine_event("Started process for run", retry, data)
    assert close_abandoned_runs(instance) == [gone]


def test_a_run_that_ended_well_while_it_was_looked_at_stays_so(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = _started(instance, os.getpid(), tagged=True)

    def ends_meanwhile(_pid: int, _since: float | None) -> bool:
        ended = dg.DagsterEvent(dg.DagsterEventType.RUN_SUCCESS.value, nothing.name)
        instance.report_dagster_event(ended, run_id)
        return False

    monkeypatch.setattr("customer360_assets.instance._alive", ends_meanwhile)
    assert close_abandoned_runs(instance) == []
    run = instance.get_run_by_id(run_id)
    assert run
    assert run.status is dg.DagsterRunStatus.SUCCESS
