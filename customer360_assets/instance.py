"""Dagster's instance of a home: the record that the command line and the UI share."""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path

import dagster as dg
from dagster._core.storage.dagster_run import FINISHED_STATUSES
from dagster._core.storage.runs import SqliteRunStorage

from customer360_assets.deployment import Deployment
from customer360_assets.transformations import code_folder

PID_TAG = "customer360/pid"
_SLACK_SECONDS = 60.0
_START_FIELD = 19
"""Of /proc/<pid>/stat behind the command: starttime, in clock ticks since boot (proc(5))."""


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
    """Give the instance of a home; on AWS the one that DAGSTER_HOME configures, if it does."""
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
    """Give the folder that configures the record which the workers of a stage share."""
    given = os.environ.get("DAGSTER_HOME")
    if deployment.aws is None or not given:
        return None
    config = Path(given) / "dagster.yaml"
    # `prepare` has put that of a home there: this is no stage's.
    own = code_folder("dagster.yaml").read_bytes()
    return Path(given) if config.exists() and config.read_bytes() != own else None


def is_of_home(instance: dg.DagsterInstance, deployment: Deployment) -> bool:
    """Say whether an instance is the home's own, all of whose runs have their process here."""
    storage = instance.run_storage
    at_home = Path(instance.root_directory).resolve() == deployment.dagster_home.resolve()
    return at_home and isinstance(storage, SqliteRunStorage)


def close_abandoned_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark runs as failed whose process is gone (killed, power cut); give their ids.

    Their retry, or the next run, makes what they did not publish. A run of another machine has no
    process here: only a deployment whose runs are all of this machine may ask.
    """
    open_statuses = [s for s in dg.DagsterRunStatus if s not in FINISHED_STATUSES]
    closed = []
    for record in instance.get_run_records(dg.RunsFilter(statuses=open_statuses)):
        run, pid = record.dagster_run, _pid(instance, record.dagster_run)
        if pid is None or _alive(pid, record.start_time):
            continue
        # Asked again now that nobody writes any more: it may have ended well since it was listed.
        now = instance.get_run_by_id(run.run_id)
        if now is not None and now.status not in FINISHED_STATUSES:
            instance.report_run_failed(run, "The process of this run ended before the run did.")
            closed.append(run.run_id)
    return closed


def _pid(instance: dg.DagsterInstance, run: dg.DagsterRun) -> int | None:
    """Give the process that executes a run; None before it has one."""
    # A retry has the tags of the run that it repeats: the process is another.
    if run.parent_run_id is None and (tagged := run.tags.get(PID_TAG)):
        return int(tagged)
    for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT):
        event = entry.dagster_event
        if event is not None and "pid" in event.engine_event_data.metadata:
            return int(str(event.engine_event_data.metadata["pid"].value))
    return None


def _alive(pid: int, since: float | None) -> bool:
    """Say whether a process runs that is old enough to be the run's: numbers are given again."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    started = _started(pid)
    return since is None or started is None or started <= since + _SLACK_SECONDS


def _started(pid: int) -> float | None:
    """Give when a process started (seconds since 1970); None where the system does not say."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        boot = next(
            line.split()[1]
            for line in Path("/proc/stat").read_text(encoding="utf-8").splitlines()
            if line.startswith("btime")
        )
    except (OSError, StopIteration):
        return None
    return int(boot) + int(fields[_START_FIELD]) / os.sysconf("SC_CLK_TCK")
