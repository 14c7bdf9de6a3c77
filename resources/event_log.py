"""Dagster's SQLite event log with connections that stay open.

Dagster's own opens, commits and closes a database for every event. A year of partitions is some
thousand events, and each close checkpoints the log and waits for the disk: measured on 951
materializations, 75 of 117 seconds.
"""

import os
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from dagster import DagsterEventType, EventLogEntry, Field, StringSource
from watchdog.observers import Observer

from resources.dagster_internals import (
    ConfigurableClassData,
    EventHandlerFn,
    SqlEventLogStorageTable,
    SqliteEventLogStorage,
)
from resources.event_watch import Watchdog

PER_PARTITION = {
    DagsterEventType.ASSET_MATERIALIZATION,
    DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
}
OPEN_DATABASES = 16
BUSY_SECONDS = 60


class OpenSqliteEventLog(SqliteEventLogStorage):
    """The same files and tables as Dagster's, so that either class reads what the other wrote.

    A commit is safe against the end of the process at any moment. A power cut can lose the last
    events (never the database): their partitions are then outstanding and are made again.
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: OrderedDict[str, sa.Engine] = OrderedDict()
        self._open_lock = threading.RLock()
        super().__init__(base_dir, inst_data)

    @classmethod
    def config_type(cls) -> dict[str, Field]:
        """Return the settings: the databases' folder, by default Dagster's own."""
        return {"base_dir": Field(StringSource, is_required=False)}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "OpenSqliteEventLog":
        """Return the storage of $DAGSTER_HOME, or of the configured folder."""
        # Without a home Dagster's instance lives as long as its process: so does its event log.
        home = Path(os.environ.get("DAGSTER_HOME") or tempfile.mkdtemp(prefix="dagster-"))
        return cls(config_value.get("base_dir") or str(home / "history" / "runs"), inst_data)

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store the events of many partitions in one transaction per database, others one by one.

        The rows are those of `store_event` for each; one asset's own row is left as the last event
        of each kind makes it.
        """
        for (run_id, together), some in groupby(events, lambda e: (e.run_id, _of_a_partition(e))):
            if together:
                self._store_together(run_id, list(some))
            else:
                super().store_event_batch(list(some))

    @cached_property
    def supports_asset_checks(self) -> bool:
        """Return whether the database has the table of checks, which each event looks for."""
        return bool(super().supports_asset_checks)

    def _store_together(self, run_id: str, events: Sequence[EventLogEntry]) -> None:
        rows = [self._event_to_row(event) for event in events]
        newest = {
            (row["asset_key"], row["dagster_event_type"]): number for number, row in enumerate(rows)
        }
        with self.run_connection(run_id) as run, self.index_transaction() as connection:
            run.execute(SqlEventLogStorageTable.insert(), rows)
            connection.execute(SqlEventLogStorageTable.insert(), rows)
            # The transaction holds the only right to write: the ids end with the newest.
            last = connection.execute(sa.text("SELECT last_insert_rowid()")).scalar_one()
            ids = range(last - len(rows) + 1, last + 1)
            self._store_asset_event_tags(connection, events, ids)
            for number in sorted(newest.values()):
                self._store_asset_event(connection, events[number], ids[number])

    @contextmanager
    def _connect(self, shard: str) -> Iterator[sa.Connection]:
        # One transaction at a time, as in Dagster's own; reentrant, because an event that belongs
        # to an asset is written to two databases.
        with self._open_lock, self._engine(shard).connect() as connection, connection.begin():
            yield connection

    def _engine(self, shard: str) -> sa.Engine:
        if shard not in self._engines:
            engine = sa.create_engine(
                self.conn_string_for_shard(shard), connect_args={"timeout": BUSY_SECONDS}
            )
            sa.event.listen(engine, "connect", _no_wait_for_disk)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            self._engines[shard] = engine
        self._engines.move_to_end(shard)
        while len(self._engines) > OPEN_DATABASES:
            oldest = next(iter(self._engines))
            self._engines.pop(oldest).dispose()
        return self._engines[shard]

    def watch(self, run_id: str, cursor: str | None, callback: EventHandlerFn) -> None:
        """Call back for each event of a run after a cursor, also while its database stays open."""
        observer: Any = self._obs or Observer()
        if not self._obs:
            observer.start()
            self._obs = observer
        watchdog = Watchdog(self, run_id, callback, cursor)
        watched = observer.schedule(watchdog, self._base_dir, recursive=True)
        self._watchers[run_id][callback] = (watchdog, watched)
        watchdog.start()

    def end_watch(self, run_id: str, handler: EventHandlerFn) -> None:
        """End the calls of a callback."""
        if handler in self._watchers[run_id]:
            self._watchers[run_id][handler][0].end()
        super().end_watch(run_id, handler)

    def dispose(self) -> None:
        """End every watch and close every database."""
        for watches in self._watchers.values():
            for watchdog, _watched in watches.values():
                watchdog.end()
        super().dispose()
        with self._open_lock:
            while self._engines:
                self._engines.popitem()[1].dispose()


def _no_wait_for_disk(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous=NORMAL")


def _of_a_partition(event: EventLogEntry) -> bool:
    found = event.dagster_event
    return found is not None and found.event_type in PER_PARTITION and found.asset_key is not None
