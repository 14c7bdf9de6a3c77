"""Two processes that spill side by side keep their own rows."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from resources.embedded.duckdb_engine import DuckDbEngine
from resources.embedded.spill import spill_folder
from tests.patience import PATIENCE

PROCESSES = multiprocessing.get_context("spawn")
ROWS = 1_500_000
COLUMNS = [("part", "bigint"), ("id", "bigint"), ("text", "varchar"), ("bank", "bigint")]


def _made(folder: Path, bank: int) -> str:
    path = folder / f"{bank}.parquet"
    duckdb.execute(
        f"COPY (SELECT i % 7 AS part, (hash(i + {bank}) % 1000000007)::BIGINT AS id,"
        f" md5(CAST(i AS VARCHAR)) AS text, {bank}::BIGINT AS bank FROM range({ROWS}) AS r (i))"
        f" TO '{path}' (FORMAT parquet)"
    )
    return str(path)


def _sorted_apart(folder: Path, bank: int, start: Any, found: Any) -> None:
    engine = DuckDbEngine(temp_directory=folder / "scratch", memory_limit="120MB", threads=1)
    start.wait()
    try:
        parts = engine.run(
            "SELECT part, id, text, bank FROM raw.t", [], {"raw.t": [_made(folder, bank)]},
            folder / f"out {bank}", COLUMNS, partition_by=["part"],
        ).parts  # fmt: skip
        files = [part.file for part in parts]
        read = "SELECT count(*), sum(id), count(*) FILTER (bank <> ?) FROM read_parquet(?)"
        found.put((bank, duckdb.execute(read, [bank, files]).fetchall()[0]))
    except Exception as error:
        found.put((bank, repr(error)))


@pytest.mark.slow
def test_rows_are_their_own(tmp_path: Path) -> None:
    start, found = PROCESSES.Barrier(2), PROCESSES.Queue()
    both = [
        PROCESSES.Process(target=_sorted_apart, args=(tmp_path, bank, start, found))
        for bank in (1, 2)
    ]
    for process in both:
        process.start()
    results = dict(found.get(timeout=PATIENCE) for _ in both)
    for process in both:
        process.join()
    for bank in (1, 2):
        (ids,) = duckdb.execute(f"SELECT sum(id) FROM '{tmp_path}/{bank}.parquet'").fetchall()[0]
        assert results[bank] == (ROWS, ids, 0)
    own = spill_folder(tmp_path / "scratch").parent
    assert {path.stem for path in (tmp_path / "scratch").iterdir()} == {own.name}


def _hold(parent: Path, queue: Any) -> None:
    folder = spill_folder(parent)
    folder.mkdir()
    queue.put(str(folder))
    time.sleep(60)


def test_a_killed_process_folder_is_swept_and_a_living_ones_is_not(tmp_path: Path) -> None:
    queue = PROCESSES.Queue()
    holders = [PROCESSES.Process(target=_hold, args=(tmp_path, queue)) for _ in "ab"]
    folders = {}
    for holder in holders:
        holder.start()
        folders[holder.pid] = Path(queue.get(timeout=PATIENCE))
    killed, living = holders
    os.kill(int(killed.pid or 0), signal.SIGKILL)
    killed.join()
    mine = spill_folder(tmp_path)
    assert not folders[killed.pid].exists()
    assert folders[living.pid].exists()
    assert mine.parent not in {f.parent for f in folders.values()}
    living.kill()
    living.join()


def test_databases_of_one_process_spill_apart(tmp_path: Path) -> None:
    assert spill_folder(tmp_path) != spill_folder(tmp_path)
