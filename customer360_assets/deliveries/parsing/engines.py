"""The engines that deliveries are parsed with: one per worker, kept from delivery to delivery.

An engine's start and its first use of each function cost more than a small file does.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import copy_context
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from resources.files.opening import open_duckdb, usable_memory

if TYPE_CHECKING:
    import duckdb

T = TypeVar("T")
R = TypeVar("R")


def at_once(work: Callable[[T], R], tasks: Iterable[T], workers: int) -> list[R]:
    """Return what becomes of each task, several worked on at once; the first failure is raised."""
    if workers == 1:
        return [work(task) for task in tasks]
    with ThreadPoolExecutor(workers) as pool:
        waiting = [pool.submit(copy_context().run, work, task) for task in tasks]
        try:
            return [done.result() for done in waiting]
        finally:
            # After the first failure no other starts.
            pool.shutdown(wait=True, cancel_futures=True)


class Engines:
    """DuckDB for `tasks` deliveries of one feed, on `threads` cores (None: all) together.

    workers: how many deliveries are parsed at once. What does not fit into memory goes below
    `spill`, which belongs to this object alone.
    """

    def __init__(self, spill: Path, threads: int | None, tasks: int) -> None:
        cores = threads or os.cpu_count() or 1
        self.workers = max(1, min(cores, tasks))
        self._threads = max(1, cores // self.workers)
        self._spill = spill
        self._idle: list[duckdb.DuckDBPyConnection] = []
        self._opened = 0

    def __enter__(self) -> Self:
        """Clear what a killed process left."""
        shutil.rmtree(self._spill, ignore_errors=True)
        return self

    def __exit__(self, *_failure: object) -> None:
        """Close the engines."""
        for connection in self._idle:
            connection.close()
        shutil.rmtree(self._spill, ignore_errors=True)

    @contextmanager
    def one(self, *, small: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        """Yield an engine; one that failed is not used again."""
        # Lines are read in order by one thread: for a small file the others only cost their start.
        connection = self._ready(1 if small else self._threads)
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)

    def _ready(self, threads: int) -> duckdb.DuckDBPyConnection:
        import duckdb

        with suppress(IndexError, duckdb.Error):
            kept = self._idle.pop()
            kept.execute(f"SET threads = {threads}")
            return kept
        return self._open(threads)

    def _open(self, threads: int) -> duckdb.DuckDBPyConnection:
        self._opened += 1
        # What has no offset, and what an expression prints, is UTC on every machine.
        connection = open_duckdb(
            memory_limit=f"{usable_memory() // self.workers}B",
            temp_directory=str(self._spill / str(self._opened)),
            threads=threads,
            # No file is read by two deliveries.
            enable_external_file_cache=False,
        )
        # Pushed down, the test of the rule would compute every value a second time.
        connection.execute("SET disabled_optimizers = 'filter_pushdown'")
        return connection
