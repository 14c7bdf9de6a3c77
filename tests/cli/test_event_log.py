"""The event log with open databases is Dagster's own, read either way."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
from dagster._core.storage.event_log.sqlite import SqliteEventLogStorage

from customer360_assets.deployment import Deployment
from customer360_assets.instance import instance_of
from resources.event_log import OPEN_DATABASES, OpenSqliteEventLog


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


def test_many_runs_do_not_keep_every_database_open(tmp_path: Path) -> None:
    log = OpenSqliteEventLog(str(tmp_path))
    for number in range(OPEN_DATABASES + 5):
        assert log.get_logs_for_run(f"run-{number}") == []
    assert len(log._engines) <= OPEN_DATABASES
    log.dispose()
    assert not log._engines
