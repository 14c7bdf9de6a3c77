"""Dagster's instance of a home: the record that the command line and the UI share."""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path

import dagster as dg

from customer360_assets.runs.leases import unheld
from customer360_assets.tables.transformations import code_folder
from resources.dagster_internals import FINISHED_STATUSES, SqliteRunStorage
from resources.deployment.deployment import Deployment


def prepare(deployment: Deployment) -> Path:
    """Create the instance's folder and configuration; return the folder."""
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
    """Return the instance of a home; on AWS the one that DAGSTER_HOME configures, if it does."""
    # A year of partitions is 365 events a table: written one by one, each waits for the disk.
    os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", "500")
    if shared := _shared(deployment):
        return dg.DagsterInstance.from_config(str(shared))
    folder = prepare(deployment)
    with (folder / ".lock").open("w") as lock:
        # Two processes that make the databases at once would each stamp another schema revision.
        fcntl.flock(lock, fcntl.LOCK_EX)
        return dg.DagsterInstance.from_config(str(folder))


def _shared(deployment: Deployment) -> Path | None:
    """Return the folder that configures the instance shared by the workers of an environment."""
    given = os.environ.get("DAGSTER_HOME")
    if deployment.aws is None or not given:
        return None
    config = Path(given) / "dagster.yaml"
    # `prepare` has put that of a home there: it is not shared by workers.
    own = code_folder("dagster.yaml").read_bytes()
    return Path(given) if config.exists() and config.read_bytes() != own else None


def is_of_home(instance: dg.DagsterInstance, deployment: Deployment) -> bool:
    """Return whether an instance is the home's own, not shared by an environment's workers."""
    storage = instance.run_storage
    at_home = Path(instance.root_directory).resolve() == deployment.dagster_home.resolve()
    return at_home and isinstance(storage, SqliteRunStorage)


def close_abandoned_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark runs as failed whose process is gone (killed, power cut); return their ids.

    Their retry, or the next run, makes what they did not publish. Runs that never held a lease are
    left alone: while they start, Dagster's own monitoring watches them.
    """
    closed = []
    for run_id, forget in unheld(instance):
        # Read when nobody writes any more.
        run = instance.get_run_by_id(run_id)
        if run is not None and run.status not in FINISHED_STATUSES:
            instance.report_run_failed(run, "The process of this run ended before the run did.")
            closed.append(run_id)
        forget()
    return closed
