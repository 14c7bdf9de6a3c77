"""The event log with open databases is Dagster's own, read either way."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa
from dagster._core.storage.event_log.sqlite import SqliteEventLogStorage

from customer360_assets.runs.instance import instance_of
from resources.deployment.deployment import Deployment
from resources.event_log import OPEN_DATABASES, OpenSqliteEventLog

MADE = dg.DagsterEventType.ASSET_MATERIALIZATION
PLANNED = dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED


@dg.asset(partitions_def=dg.StaticPartitionsDefinition(["a", "b"]))
def thing() -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(metadata={"rows": 3})


def test_dagsters_own_class_reads_what_was_written(tmp_path: Path) -> None:
    instance = instance_of(Deployment(home=tmp_path))
    assert isinstance(instance.event_log_storage, OpenSqliteEventLog)
    run = dg.materialize([thing], instance=instance, partition_key="a")
    written = instance.all_logs(run.run_id)
    partitions = instance.get_materialized_partitions(thing.key)
    instance.dispose()

    own = SqliteEventLogStorage(str(tmp_path / "dagster" / "history" / "runs"))
    read = own.get_logs_for_run(run.run_id)
    assert [e.message for e in read] == [e.message for e in written]
    assert own.get_materialized_partitions(thing.key) == partitions == {"a"}


def test_it_reads_what_dagsters_own_class_wrote(tmp_path: Path) -> None:
    own = SqliteEventLogStorage(str(tmp_path))
    event = dg.DagsterInstance.ephemeral()
    run = dg.materialize([thing], instance=event, partition_key="b")
    for entry in event.all_logs(run.run_id):
        own.store_event(entry)
    assert OpenSqliteEventLog(str(tmp_path)).get_materialized_partitions(thing.key) == {"b"}


@pytest.mark.slow
def test_many_runs_do_not_keep_every_database_open(tmp_path: Path) -> None:
    log = OpenSqliteEventLog(str(tmp_path))
    for number in range(OPEN_DATABASES + 5):
        assert log.get_logs_for_run(f"run-{number}") == []
    assert len(log._engines) <= OPEN_DATABASES
    log.dispose()
    assert not log._engines


DATES = dg.StaticPartitionsDefinition([f"p{n}" for n in range(7)])


@dg.asset(partitions_def=DATES, backfill_policy=dg.BackfillPolicy.single_run())
def many() -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(metadata={"rows": 3}, data_version=dg.DataVersion("v"))


def test_a_batch_leaves_what_the_events_leave_one_by_one(tmp_path: Path) -> None:
    source = dg.DagsterInstance.ephemeral()
    tags = {"dagster/asset_partition_range_start": "p0", "dagster/asset_partition_range_end": "p6"}
    run = dg.materialize([many], instance=source, tags=tags)
    events = list(source.all_logs(run.run_id))
    kinds = [event.dagster_event_type for event in events]
    assert kinds.count(PLANNED) == kinds.count(MADE) == 7 < len(kinds) - 7
    single, batch = (OpenSqliteEventLog(str(tmp_path / name)) for name in ("single", "batch"))
    for event in events:
        single.store_event(event)
    batch.store_event_batch(events[:5])
    batch.store_event_batch(events[5:])
    assert _contents(batch, run.run_id) == _contents(single, run.run_id)
    assert batch.get_materialized_partitions(many.key) == set(DATES.get_partition_keys())


def test_a_batch_that_fails_leaves_no_event(tmp_path: Path) -> None:
    source = dg.DagsterInstance.ephemeral()
    run = dg.materialize([thing], instance=source, partition_key="a")
    events = list(source.all_logs(run.run_id, of_type=MADE))
    log = OpenSqliteEventLog(str(tmp_path))
    with log.index_connection() as connection:
        connection.execute(sa.text("DROP TABLE asset_keys"))
    with pytest.raises(sa.exc.SQLAlchemyError):
        log.store_event_batch(events)
    assert log.get_logs_for_run(run.run_id) == []


def _contents(log: OpenSqliteEventLog, run_id: str) -> dict[str, list[tuple[object, ...]]]:
    found = {}
    with log.run_connection(run_id) as connection:
        found["run"] = _rows(connection, "event_logs")
    with log.index_connection() as connection:
        for table in ("event_logs", "asset_keys", "asset_event_tags"):
            found[table] = _rows(connection, table)
    return found


def _rows(connection: sa.Connection, table: str) -> list[tuple[object, ...]]:
    rows = connection.execute(sa.text(f"SELECT * FROM {table} ORDER BY id")).mappings()
    # The one column that says when it was written and not what.
    return [tuple(v for k, v in row.items() if k != "create_timestamp") for row in rows]
