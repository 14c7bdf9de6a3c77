"""A process that is killed at any step leaves nothing half, and the next run completes."""

from __future__ import annotations

import hashlib
import os
import signal
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest

from customer360_assets.deliveries.parsing.parsed import Parsed
from tests.deliveries.raw_home import PROCESSES, Home
from tests.patience import PATIENCE

CARDS = "".join(f"555555555555444{i},{i},gold,2024-01-02T03:04:05.123456\n" for i in range(5))
STEPS = {"open", "os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "os.chmod"}
WRITES = ("BEGIN", "INSERT", "DELETE", "CREATE", "COMMIT")
FAR = 10_000


def deliver(root: Path) -> Home:
    home = Home(root)
    home.deliver("card/card0020240501-1.csv", CARDS + "bad\n")
    home.deliver("card/card0020240502-1.csv", CARDS)
    return home


def run_and_die(root: Path, step: int, steps: Any) -> None:
    """Take in and parse; die, as by kill -9, before the given step on a file of the home."""
    home, seen = deliver(root), [0]

    def count(event: str, args: tuple[Any, ...]) -> None:
        if event in STEPS and args and str(args[0]).startswith(str(root)):
            seen[0] += 1
            if seen[0] == step:
                os.kill(os.getpid(), signal.SIGKILL)

    def count_statement(statement: str) -> None:
        if statement.startswith(WRITES):
            count("os.rename", (str(root),))

    def counted(*given: Any, **more: Any) -> sqlite3.Connection:
        connection = connect(*given, **more)
        connection.set_trace_callback(count_statement)
        return connection

    connect, sqlite3.connect = sqlite3.connect, counted
    sys.addaudithook(count)
    home.run("card")
    steps.put(seen[0])


def outcome(home: Home) -> Any:
    deliveries = home.run("card")
    return deliveries.manifest(), home.rows(deliveries), home.quarantined(deliveries, "*")


def steps_of_a_run(root: Path) -> int:
    steps = PROCESSES.Queue()
    process = PROCESSES.Process(target=run_and_die, args=(root, FAR, steps))
    process.start()
    count = int(steps.get(timeout=PATIENCE))
    process.join()
    return count


def check(root: Path, step: int, expected: Any) -> None:
    steps = PROCESSES.Queue()
    process = PROCESSES.Process(target=run_and_die, args=(root, step, steps))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    home = Home(root)
    for receipt in home.ledger.receipts("card"):
        kept = home.archive.path(receipt.sha256).read_bytes()
        assert hashlib.sha256(kept).hexdigest() == receipt.sha256
    lake = root / "lake"
    for result in home.ledger.results("card"):
        parsed = Parsed.model_validate_json(result.text)
        folder = lake / "raw" / "card" / "data" / parsed.folder_name
        assert all((folder / f).is_file() for files in parsed.files.values() for f in files)
    assert outcome(home) == expected
    assert list((root / "archive/incoming").iterdir()) == []
    assert {p.name for p in lake.rglob(".*")} == {".lock"}


def test_killed_at_some_steps(tmp_path: Path) -> None:
    expected = outcome(deliver(tmp_path / "whole"))
    assert len(expected[1]) == 10
    assert len(expected[2]) == 1
    last = steps_of_a_run(tmp_path / "counted")
    assert last > 20
    for step in range(5, last + 1, 13):
        check(tmp_path / str(step), step, expected)


@pytest.mark.slow
def test_killed_at_every_step(tmp_path: Path) -> None:
    expected = outcome(deliver(tmp_path / "whole"))
    for step in range(1, steps_of_a_run(tmp_path / "counted") + 1):
        check(tmp_path / str(step), step, expected)
