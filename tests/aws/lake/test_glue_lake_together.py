"""Writers on S3 and Glue that compete, and writers that are killed; each a process of its own."""

from __future__ import annotations

import multiprocessing
import os
import random
import time
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from resources.account.aws_names import AwsNames
from resources.iceberg.glue_lake import GlueLake
from resources.protocols.lake import Partitions
from tests.aws.lake.glue_lake import publish_each, publish_for_ever, read
from tests.lake.lake_writers import DAY, SCHEMA, TABLE, Candidate
from tests.patience import PATIENCE

pytestmark = pytest.mark.slow

STATE = "SELECT business_date, generation, count(*) FROM t GROUP BY ALL ORDER BY ALL"


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    """Start processes in milliseconds: the fork server has imported what they need."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        [
            "tests.aws.lake.glue_lake",
            "pyiceberg.catalog.glue",
            "pyiceberg.io.pyarrow",
            "pyarrow.parquet",
        ]
    )
    return context


@pytest.fixture
def lake(aws: AwsNames, tmp_path: Path) -> GlueLake:
    lake = GlueLake(aws, tmp_path / "reader")
    lake.ensure(TABLE, SCHEMA, ("business_date",), "")
    return lake


def variables() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if k.startswith(("AWS_", "CUSTOMER360_"))}


def newest(pipe: Connection) -> int:
    """The last generation that the writer says is published."""
    last = 0
    while pipe.poll():
        try:
            last = pipe.recv()
        except EOFError:
            break
    return last


def test_two_workers_lose_nothing(lake, tmp_path, processes):
    together = processes.Barrier(2)
    days = {"a": list(range(4)), "b": list(range(10, 14))}
    writers = [
        processes.Process(
            target=publish_each,
            args=(variables(), lake.names, tmp_path / name, own, 30, name, together),
        )
        for name, own in days.items()
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(PATIENCE)
        assert writer.exitcode == 0
    *own, shared = read(lake, TABLE, STATE)
    assert own == [(DAY(n), n, 3) for n in [*days["a"], *days["b"]]]
    assert shared in [(DAY(30), 3, 3), (DAY(30), 13, 3)]
    runs = [s.run_id for s in lake.history(TABLE)]
    assert sorted(runs) == sorted(f"{w}-{n}" for w, own in days.items() for n in own * 2)


def test_a_worker_killed_at_any_moment_leaves_the_old_state_or_the_new(lake, tmp_path, processes):
    lake.publish(TABLE, Candidate(lake)([8], generation=-1), Partitions.on(DAY(8)), {})
    delays = random.Random(2024)  # noqa: S311 - moments, not secrets
    previous = 0
    for attempt in range(3):
        here, there = processes.Pipe(duplex=False)
        home = tmp_path / str(attempt)
        writer = processes.Process(
            target=publish_for_ever, args=(variables(), lake.names, home, [0, 1], there)
        )
        writer.start()
        there.close()
        here.poll(60)
        time.sleep(delays.uniform(0, 1))
        writer.kill()
        writer.join()
        previous = newest(here)
        *replaced, other = read(lake, TABLE, STATE)
        assert other == (DAY(8), -1, 3)
        (generation,) = {row[1] for row in replaced}
        assert generation in (previous, previous + 1)
        assert replaced == [(DAY(0), generation, 10), (DAY(1), generation, 10)]
    assert previous > 0
