"""A run that is killed, or meets another: the next has the rows of one that was left alone."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from customer360_assets.deliveries.parsing.left_overs import DRAFTS
from tests.patience import PATIENCE
from tests.run.conftest import COMMAND
from tests.run.deliveries import CARDS, DAY, card, card_file, good_day
from tests.run.small_bank import Row, SmallBank

BAD = card(CARDS[2], 101, "platinum") + "4929000000000099,x,gold,2024-01-02\n"


def _bank(root: Path) -> SmallBank:
    bank = SmallBank(root)
    bank.deliver({**good_day(), card_file(DAY, "090000"): card(CARDS[0], 103) + BAD})
    return bank


def _start(bank: SmallBank) -> subprocess.Popen[bytes]:
    arguments = ["--landing", bank.landing, "--home", bank.home, "--business-date", DAY]
    return subprocess.Popen(
        [*COMMAND, "run", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


@dataclass(frozen=True)
class Undisturbed:
    """All rows of a run left alone, the files of its home, and how many each table shows."""

    rows: dict[str, list[Row]]
    files: int
    shown: dict[str, int]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    bank = _bank(tmp_path_factory.mktemp("undisturbed"))
    ran = bank.run(DAY)
    assert ran.code == 0, ran.output
    found = bank.everything()
    # Two bad records, and a card that the later file gives another owner.
    assert len(found["quarantine.card"]) == 3
    assert len(found["profile.customer_360"]) == len(found["serving.customer_profile"]) == 3
    return Undisturbed(found, _files(bank), _shown(bank))


def _files(bank: SmallBank) -> int:
    return sum(len(files) for _, _, files in os.walk(bank.home))


def _shown(bank: SmallBank) -> dict[str, int]:
    """Return the number of files that each table shows; every one of them is there and whole."""
    lake = bank.platform().lake
    assert lake.damaged() == []
    return {table: len(lake.files(table)) for table in lake.tables()}


def _drafts(bank: SmallBank) -> list[Path]:
    """Return what only a run in progress has: decoded text, spilled rows, half-written files."""
    parsing = [p for d in DRAFTS for p in (bank.home / "lake").rglob(f".*.{d}")]
    scratch = [p for p in (bank.home / "scratch").rglob("*") if p.is_file() and p.suffix != ".lock"]
    return [*parsing, *scratch, *(bank.home / "archive" / "incoming").glob("*")]


def _open_runs(bank: SmallBank) -> int:
    with bank.instance() as instance:
        over = {dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE}
        return sum(run.status not in over for run in instance.get_runs())


def _killed_then_run(bank: SmallBank, is_time: Callable[[], bool]) -> bool:
    """Start a run, kill it at a moment, run again; say whether it left a Dagster run open."""
    process = _start(bank)
    while process.poll() is None and not is_time():
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=PATIENCE)
    left_open = bank.home.exists() and _open_runs(bank) > 0
    ran = bank.run(DAY)
    assert ran.code == 0, ran.output
    assert _open_runs(bank) == 0
    return left_open


def _killed_at_random(undisturbed: Undisturbed, root: Path, seed: int) -> None:
    """Kill the run once it has written some number of its files, whatever the machine's speed."""
    bank = _bank(root)
    files = random.Random(seed).randrange(undisturbed.files)  # noqa: S311 (a moment, not a secret)
    _killed_then_run(bank, lambda: _files(bank) >= files)
    assert bank.everything() == undisturbed.rows
    assert _shown(bank) == undisturbed.shown
    assert _drafts(bank) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 103))
def test_killed_at_a_random_moment(undisturbed: Undisturbed, tmp_path: Path, seed: int) -> None:
    _killed_at_random(undisturbed, tmp_path, seed)


@pytest.mark.slow
def test_a_run_killed_amid_its_tables_is_closed_as_failed(
    undisturbed: Undisturbed, tmp_path: Path
) -> None:
    bank = _bank(tmp_path)
    staged = bank.home / "lake" / "stage" / "card" / "data"
    assert _killed_then_run(bank, staged.exists)
    assert bank.everything() == undisturbed.rows
    with bank.instance() as instance:
        failed = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE]))
    assert len(failed) == 1


@pytest.mark.slow
def test_two_runs_at_once(undisturbed: Undisturbed, tmp_path: Path) -> None:
    bank = _bank(tmp_path)
    processes = [_start(bank), _start(bank)]
    for process in processes:
        printed, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, printed.decode()
    assert bank.everything() == undisturbed.rows
    assert _open_runs(bank) == 0
    assert bank.run(DAY).steps == ()
