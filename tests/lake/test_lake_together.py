"""Writers that are killed, writers that compete, and readers among them."""

import random
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from resources.iceberg.local_lake import LocalLake
from resources.protocols.lake import Partitions
from tests.lake.lake_writers import (
    DAY,
    SCHEMA,
    TABLE,
    ensure_together,
    publish_each,
    publish_for_ever,
)
from tests.patience import PATIENCE

STATE = "SELECT business_date, generation, count(*) FROM t GROUP BY ALL ORDER BY ALL"


def where(lake: LocalLake) -> tuple[str, Path]:
    """Return what another process opens the lake with."""
    return lake.catalog_uri, lake.warehouse_dir


def newest(pipe: Connection) -> int:
    """The last generation that the writer says is published."""
    last = 0
    while pipe.poll():
        try:
            last = pipe.recv()
        except EOFError:
            break
    return last


def test_a_writer_killed_at_any_moment_leaves_the_old_state_or_the_new(
    lake, candidate, rows, processes
):
    lake.publish(TABLE, candidate([8], generation=-1), Partitions.on(DAY(8)), {})
    delays = random.Random(2024)  # noqa: S311 - moments, not secrets
    previous = 0
    for _ in range(10):
        here, there = processes.Pipe(duplex=False)
        writer = processes.Process(target=publish_for_ever, args=(*where(lake), [0, 1], there))
        writer.start()
        there.close()
        here.poll(30)
        time.sleep(delays.uniform(0, 0.25))
        writer.kill()
        writer.join()
        previous = newest(here)
        *replaced, other = rows(STATE)
        assert other == (DAY(8), -1, 3)
        (generation,) = {row[1] for row in replaced}
        assert generation in (previous, previous + 1)
        assert replaced == [(DAY(0), generation, 10), (DAY(1), generation, 10)]
    assert previous > 0
    lake.publish(TABLE, candidate([0, 1]), Partitions.on(DAY(0), DAY(1)), {})
    assert lake.dates(TABLE) == {DAY(0): 3, DAY(1): 3, DAY(8): 3}


@pytest.mark.slow
def test_a_reader_among_fifty_publications_sees_each_whole(lake, candidate, rows, processes):
    lake.publish(TABLE, candidate([0, 0, 1, 1], 5), Partitions.on(DAY(0), DAY(1)), {})
    here, there = processes.Pipe(duplex=False)
    writer = processes.Process(
        target=publish_for_ever, args=(*where(lake), [0, 1], there), daemon=True
    )
    writer.start()
    seen = set()
    while newest(here) < 50:
        state = rows(STATE)
        (generation,) = {row[1] for row in state}
        assert state == [(DAY(0), generation, 10), (DAY(1), generation, 10)]
        seen.add(generation)
    writer.kill()
    writer.join()
    assert len(seen) > 5


def test_two_processes_lose_nothing(lake, rows, processes):
    together = processes.Barrier(2)
    days = {"a": list(range(14)), "b": list(range(15, 29))}
    writers = [
        processes.Process(target=publish_each, args=(*where(lake), own, 30, name, together))
        for name, own in days.items()
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(PATIENCE)
        assert writer.exitcode == 0
    everything = [*days["a"], *days["b"]]
    *own, shared = rows(STATE)
    assert own == [(DAY(n), n, 3) for n in everything]
    assert shared in [(DAY(30), 13, 3), (DAY(30), 28, 3)]
    runs = [s.run_id for s in lake.history(TABLE)]
    assert sorted(runs) == sorted(f"{w}-{n}" for w, own in days.items() for n in own * 2)


def test_two_processes_may_create_the_same_lake_and_table(tmp_path, processes):
    for attempt in range(6):
        home = tmp_path / str(attempt)
        uri = f"sqlite:///{home}/catalog.db?timeout=60"
        barrier = processes.Barrier(2)
        both = [
            processes.Process(target=ensure_together, args=(uri, home, barrier)) for _ in range(2)
        ]
        for process in both:
            process.start()
        for process in both:
            process.join(PATIENCE)
        assert [process.exitcode for process in both] == [0, 0]
        lake = LocalLake(uri, home)
        assert lake.tables() == [TABLE]
        lake.ensure(TABLE, SCHEMA)
        assert [path.name for path in home.glob("*.db")] == ["catalog.db"]


def test_readers_do_not_wait_for_a_writer(lake, candidate):
    import sqlite3

    lake.publish(TABLE, candidate([0]), Partitions.on(DAY(0)), {})
    impatient = LocalLake(lake.catalog_uri.replace("timeout=60", "timeout=0"), lake.warehouse_dir)
    writing = sqlite3.connect(lake.warehouse_dir.parent / "catalog.db", isolation_level=None)
    writing.execute("BEGIN EXCLUSIVE")
    try:
        assert impatient.dates(TABLE) == {DAY(0): 3}
    finally:
        writing.rollback()
        writing.close()
