"""Leases: what a process holds while it executes a run, so that others know that it lives.

A process id means nothing in another container. A lease is a file of the home: locked by its
process, which the kernel lets go of when the process ends however it ends, and touched every few
seconds for those to whom the lock says nothing, on another machine or after a restart.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, cast

import dagster as dg

from resources import clock
from resources.dagster_internals import ExecutionPlan, PlanOrchestrationContext, SqliteRunStorage

HEARTBEAT = 15.0
EXPIRES = 300.0
"""Seconds without a heartbeat after which a process of another machine counts as gone: more than a
machine that is out of memory or a network folder pauses for."""


@contextmanager
def lease(instance: dg.DagsterInstance, run_id: str) -> Iterator[None]:
    """Hold the lease of a run; do nothing where the run storage is not a local folder."""
    folder = _folder(instance)
    if folder is None:
        yield
        return
    folder.mkdir(exist_ok=True)
    path, draft = folder / run_id, folder / f".{run_id}"
    with draft.open("w", encoding="ascii") as file, ExitStack() as cleanup:
        # A network folder may know no locks: then nothing but the heartbeat counts.
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            file.write(clock.now().clock)
            file.flush()
        # Nobody sees it before it is locked, or after it is let go.
        draft.replace(path)
        cleanup.callback(path.unlink, missing_ok=True)
        ended = threading.Event()
        cleanup.callback(ended.set)
        threading.Thread(target=_beat, args=(path, ended), daemon=True).start()
        yield


def _beat(path: Path, ended: threading.Event) -> None:
    while not ended.wait(HEARTBEAT):
        # Without a time of ours: on a network folder its server's clock is everybody's.
        with suppress(OSError):
            os.utime(path)


def unheld(instance: dg.DagsterInstance) -> Iterator[tuple[str, Callable[[], None]]]:
    """Yield the runs whose lease nobody holds any more, each with what forgets the lease."""
    folder = _folder(instance)
    if folder is None or not folder.is_dir():
        return
    with TemporaryFile(dir=folder) as probe:
        now = os.fstat(probe.fileno()).st_mtime
    for path in sorted(folder.iterdir()):
        if not path.name.startswith(".") and path.is_file() and _is_unheld(path, now):
            yield path.name, partial(path.unlink, missing_ok=True)


def _is_unheld(path: Path, now: float) -> bool:
    try:
        with path.open("r+", encoding="ascii") as file:
            if file.read() != clock.now().clock:
                return now - os.fstat(file.fileno()).st_mtime > EXPIRES
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # One that was given up properly is unlinked before its lock is let go.
            return path.exists()
    except OSError:
        return False


def _folder(instance: dg.DagsterInstance) -> Path | None:
    if not isinstance(instance.run_storage, SqliteRunStorage):
        return None
    return Path(instance.root_directory) / "leases"


class _Leased(dg.Executor):
    """An executor whose process holds the lease of its run until it ends."""

    def __init__(self, inner: dg.Executor) -> None:
        self._inner = inner

    @property
    def retries(self) -> dg.RetryMode:
        """The retries of the executor within."""
        return self._inner.retries

    def execute(
        self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan
    ) -> Iterator[dg.DagsterEvent]:
        """Execute the plan. The run's end is recorded afterwards, so the lease is kept on."""
        cleanup = ExitStack()
        cleanup.enter_context(lease(plan_context.instance, plan_context.run_id))
        atexit.register(cleanup.close)
        yield from self._inner.execute(plan_context, execution_plan)


def _leased(context: dg.InitExecutorContext) -> dg.Executor:
    made = dg.in_process_executor.executor_creation_fn
    assert made is not None  # noqa: S101
    return _Leased(made(context))


leased_in_process_executor = dg.ExecutorDefinition(
    name="in_process",
    config_schema=cast(Any, dg.in_process_executor.config_schema),
    executor_creation_fn=_leased,
    description="Executes all steps in the run's own process, which holds the lease of the run.",
)
