"""Dagster's instance of a home: the record that the command line and the UI share."""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path

import dagster as dg
from dagster._core.storage.dagster_run import FINISHED_STATUSES

from customer360_assets.deployment import Deployment
from customer360_assets.transformations import code_folder

PID_TAG = "customer360/pid"


def prepare(deployment: Deployment) -> Path:
    """Have the instance's folder and configuration exist; give the folder."""
    folder = deployment.dagster_home
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "dagster.yaml"
    if not config.exists():
        draft = folder / f"dagster.yaml.{os.getpid()}"
        shutil.copyfile(code_folder("dagster.yaml"), draft)
        draft.replace(config)
    os.environ["DAGSTER_HOME"] = str(folder)
    return folder


def instance_of(deployment: Deployment) -> dg.DagsterInstance:
    """Give the instance of a home."""
    # A year of partitions is 365 events a table: written one by one, each waits for the disk.
    os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", "500")
    folder = prepare(deployment)
    with (folder / ".lock").open("w") as lock:
        # Two processes that make the databases at once would each stamp another schema revision.
        fcntl.flock(lock, fcntl.LOCK_EX)
        return dg.DagsterInstance.from_config(str(folder))


def close_abandoned_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark runs as failed whose process is gone (killed, power cut); give their ids."""
    open_statuses = [s for s in dg.DagsterRunStatus if s not in FINISHED_STATUSES]
    closed = []
    for run in instance.get_runs(dg.RunsFilter(statuses=open_statuses)):
        pid = run.tags.get(PID_TAG)
        if pid and not _alive(int(pid)):
            instance.report_run_failed(run, "The process of this run ended before the run did.")
            closed.append(run.run_id)
    return closed


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
