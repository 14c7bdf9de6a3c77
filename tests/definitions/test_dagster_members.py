"""Members of Dagster's classes that this project overrides or calls, each with what it must do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from watchdog.events import FileSystemEventHandler

from resources import dagster_internals as internals
from resources.dagster_internals import SqliteEventLogStorage, SqliteEventLogStorageWatchdog
from tests.structure.shapes import shape

RUN = "7f3c9a52-0a53-4a4e-9d0c-64a0a3f6b001"
INDEX = "index"
METHODS = {
    "SqliteEventLogStorage._connect": "self shard",
    "SqliteEventLogStorage._event_to_row": "self event",
    "SqliteEventLogStorage._initdb": "self engine for_index_shard=",
    "SqliteEventLogStorage._store_asset_event": "self conn event event_id",
    "SqliteEventLogStorage._store_asset_event_tags": "self conn events event_ids",
    "SqliteEventLogStorageWatchdog._process_log": "self",
}
OVERRIDDEN = {
    "conn_string_for_shard": "self shard_name",
    "dispose": "self",
    "end_watch": "self run_id handler",
    "index_transaction": "self",
    "run_connection": "self run_id=",
    "store_event_batch": "self events",
    "watch": "self run_id cursor callback",
}
"""Undocumented, too, though no underscore says so."""


def _event(message: str = "one") -> dg.EventLogEntry:
    return dg.EventLogEntry(
        error_info=None, level=20, user_message=message, run_id=RUN, timestamp=1.0
    )


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Any]:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        storage = SqliteEventLogStorage(str(tmp_path / "runs"))
        storage.register_instance(instance)
        yield storage
        storage.dispose()


@pytest.mark.parametrize("name", METHODS)
def test_method(name: str) -> None:
    owner, member = name.split(".")
    assert shape(getattr(getattr(internals, owner), member)) == METHODS[name]


@pytest.mark.parametrize("name", OVERRIDDEN)
def test_overridden_method(name: str) -> None:
    assert shape(getattr(SqliteEventLogStorage, name)) == OVERRIDDEN[name]


def test_connect_opens_every_database(tmp_path: Path) -> None:
    opened = []

    class Recorded(SqliteEventLogStorage):
        @contextmanager
        def _connect(self, shard: str) -> Iterator[Any]:
            opened.append(shard)
            with super()._connect(shard) as connection:
                yield connection

    storage: Any = Recorded(str(tmp_path))
    opened.clear()
    for connect in (lambda: storage.run_connection(RUN), storage.index_connection,
                    storage.index_transaction):  # fmt: skip
        with connect():
            pass
    assert opened == [RUN, INDEX, INDEX]


def test_base_dir_is_the_folder_of_the_databases(storage: Any, tmp_path: Path) -> None:
    assert storage._base_dir == str(tmp_path / "runs")
    assert storage.path_for_shard(RUN) == str(tmp_path / "runs" / f"{RUN}.db")


def test_initialized_dbs_are_those_with_tables(storage: Any) -> None:
    assert RUN not in storage._initialized_dbs
    storage.store_event(_event())
    assert RUN in storage._initialized_dbs


def test_initdb_makes_the_tables(storage: Any, tmp_path: Path) -> None:
    import sqlalchemy as sa

    engine = sa.create_engine(f"sqlite:///{tmp_path / 'new.db'}")
    storage._initdb(engine)
    assert "event_logs" in sa.inspect(engine).get_table_names()
    engine.dispose()


def test_event_to_row_has_every_column_but_the_id(storage: Any) -> None:
    row = storage._event_to_row(_event())
    columns = internals.SqlEventLogStorageTable.columns.keys()
    assert set(row) == set(columns) - {"id"}
    assert row["run_id"] == RUN


@pytest.mark.parametrize("member", ["_store_asset_event", "_store_asset_event_tags"])
def test_one_event_is_stored_by_the_methods_that_store_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, member: str
) -> None:
    called = []
    kept = getattr(SqliteEventLogStorage, member)

    def recorded(self: Any, *given: Any) -> Any:
        called.append(member)
        return kept(self, *given)

    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        monkeypatch.setattr(SqliteEventLogStorage, member, recorded)
        instance.report_runless_asset_event(dg.AssetMaterialization("some"))
        assert called
        assert instance.get_latest_materialization_event(dg.AssetKey("some")) is not None


def test_obs_and_watchers_are_ended_by_dagster(storage: Any) -> None:
    assert storage._obs is None

    def callback(_event: dg.EventLogEntry, _cursor: str) -> None: ...

    storage.watch(RUN, None, callback)
    handler, _watch = storage._watchers[RUN][callback]
    assert isinstance(handler, FileSystemEventHandler)
    observer = storage._obs
    assert observer.is_alive()
    storage.end_watch(RUN, callback)
    assert callback not in storage._watchers[RUN]
    storage.dispose()
    assert not observer.is_alive()


def test_process_log_calls_back_after_the_cursor(storage: Any) -> None:
    seen: list[str] = []
    for message in ("one", "two"):
        storage.store_event(_event(message))

    def callback(event: dg.EventLogEntry, _cursor: str) -> None:
        seen.append(event.user_message)

    watchdog: Any = SqliteEventLogStorageWatchdog(storage, RUN, callback, None)
    watchdog._process_log()
    assert seen == ["one", "two"]
    storage.store_event(_event("three"))
    before = watchdog._cursor
    watchdog._process_log()
    assert seen == ["one", "two", "three"]
    assert watchdog._cursor != before


def test_log_path_is_the_database_of_the_run(storage: Any) -> None:
    watchdog: Any = SqliteEventLogStorageWatchdog(storage, RUN, print, None)
    assert watchdog._log_path == storage.path_for_shard(RUN)
    assert watchdog._cursor is None


def test_every_member_has_a_test() -> None:
    listed = {f"{c}.{m}" for c, members in internals.PROTECTED.items() for m in members}
    attributes = {"_base_dir", "_initialized_dbs", "_obs", "_watchers"}
    tested = {f"SqliteEventLogStorage.{name}" for name in attributes}
    tested |= {f"SqliteEventLogStorageWatchdog.{name}" for name in ("_cursor", "_log_path")}
    assert listed == tested | set(METHODS)
