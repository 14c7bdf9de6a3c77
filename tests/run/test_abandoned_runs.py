"""Runs whose lease nobody holds are ended; no other run is."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import dagster as dg
import pytest

from customer360_assets.runs import leases
from customer360_assets.runs.instance import close_abandoned_runs
from customer360_assets.runs.leases import lease, leased_in_process_executor
from resources import clock

GONE = dg.DagsterRunStatus.FAILURE
HERE = dg.DagsterRunStatus.STARTED
HOLDER = """
import sys
import dagster as dg
from customer360_assets.runs.leases import lease
with dg.DagsterInstance.from_config(sys.argv[1]) as instance, lease(instance, sys.argv[2]):
    print("held", flush=True)
    sys.stdin.read()
"""


@dg.job
def nothing() -> None:
    """Do nothing."""


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    (tmp_path / "dagster.yaml").touch()
    with dg.DagsterInstance.from_config(str(tmp_path)) as made:
        yield made


def _started(instance: dg.DagsterInstance) -> str:
    return instance.create_run_for_job(nothing, status=HERE).run_id


def _status(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run
    return run.status


@pytest.fixture
def process(instance: dg.DagsterInstance) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Yield a run, and another process that holds its lease."""
    run_id = _started(instance)
    command = [sys.executable, "-c", HOLDER, instance.root_directory, run_id]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        yield run_id, holder
        holder.kill()


def test_a_run_is_ended_when_its_process_is_killed(
    instance: dg.DagsterInstance, process: tuple[str, subprocess.Popen[bytes]]
) -> None:
    run_id, holder = process
    waiting = _started(instance)
    assert close_abandoned_runs(instance) == []
    holder.kill()
    holder.wait()
    assert close_abandoned_runs(instance) == [run_id]
    assert [_status(instance, r) for r in (run_id, waiting)] == [GONE, HERE]
    assert close_abandoned_runs(instance) == []


def test_a_process_id_says_nothing(
    instance: dg.DagsterInstance,
    process: tuple[str, subprocess.Popen[bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As from another container, in which no process has the number of the one that lives."""

    def no_such_process(_pid: int, _signal: int) -> None:
        raise ProcessLookupError

    monkeypatch.setattr(os, "kill", no_such_process)
    assert close_abandoned_runs(instance) == []


def test_on_another_machine_the_heartbeat_decides(
    instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = _started(instance)
    with lease(instance, run_id):
        file = tmp_path / "leases" / run_id
        monkeypatch.setattr(clock, "now", lambda: clock.ClockReading("another machine", 0.0))
        assert close_abandoned_runs(instance) == []
        now = file.stat().st_mtime
        os.utime(file, (now, now - leases.EXPIRES + 60))
        assert close_abandoned_runs(instance) == []
        os.utime(file, (now, now - leases.EXPIRES - 1))
        assert close_abandoned_runs(instance) == [run_id]


def test_the_holder_beats_until_it_lets_go(
    instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "HEARTBEAT", 0.01)
    file = tmp_path / "leases" / "run"
    with lease(instance, "run"):
        os.utime(file, (0, 0))
        while file.stat().st_mtime == 0:
            pass
    assert not file.exists()


def test_a_run_that_ended_well_stays_so(
    instance: dg.DagsterInstance, process: tuple[str, subprocess.Popen[bytes]]
) -> None:
    run_id, holder = process
    ended = dg.DagsterEvent(dg.DagsterEventType.RUN_SUCCESS.value, nothing.name)
    instance.report_dagster_event(ended, run_id)
    holder.kill()
    holder.wait()
    assert close_abandoned_runs(instance) == []
    assert _status(instance, run_id) is dg.DagsterRunStatus.SUCCESS


@dg.job(executor_def=leased_in_process_executor)
def launched() -> None:
    """Do nothing."""


def test_a_launched_run_holds_a_lease_until_its_process_ends(
    instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_exit = ExitStack()
    monkeypatch.setattr(leases.atexit, "register", at_exit.callback)
    run = dg.execute_job(dg.reconstructable(launched), instance)
    assert run.success
    assert [p.name for p in (tmp_path / "leases").iterdir()] == [run.run_id]
    assert close_abandoned_runs(instance) == []
    at_exit.close()
    assert not list((tmp_path / "leases").iterdir())
