"""A run that is killed, or meets another: the next has the rows of one that was left alone."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from tests.run.conftest import COMMAND
from tests.run.deliveries import CARDS, DAY, card, card_file, good_day
from tests.run.small_bank import Row, SmallBank

BAD = card(CARDS[2], 101, "platinum") + "4929000000000099,x,gold,2024-01-02\n"
Everything = dict[str, list[Row]]


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


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Everything, float]:
    """All rows of a run left alone, and the seconds that it took."""
    bank = _bank(tmp_path_factory.mktemp("undisturbed"))
    started = time.monotonic()
    process = _start(bank)
    printed, _ = process.communicate(timeout=300)
    assert process.returncode == 0, printed.decode()
    seconds = time.monotonic() - started
    found = bank.everything()
    assert len(found["quarantine.card"]) == 2
    assert len(found["profile.customer_360"]) == len(found["serving.customer_profile"]) == 3
    return found, seconds


def _open_runs(bank: SmallBank) -> int:
    with bank.instance() as instance:
        over = {dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE}
        return sum(run.status not in over for run in instance.get_runs())


def _killed_then_run(bank: SmallBank, kill: Callable[[subprocess.Popen[bytes]], None]) -> bool:
    """Start a run, kill it, run again; say whether the killed one had a Dagster run open."""
    process = _start(bank)
    kill(process)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    left_open = bank.home.exists() and _open_runs(bank) > 0
    ran = bank.run(DAY)
    assert ran.code == 0, ran.output
    assert _open_runs(bank) == 0
    return left_open


def _at(seed: int, seconds: float) -> Callable[[subprocess.Popen[bytes]], None]:
    """Wait for a share of the time that a run takes; the imports are not worth a kill."""
    share = random.Random(seed).uniform(0.25, 0.95)  # noqa: S311 (a moment, not a secret)
    return lambda _: time.sleep(seconds * share)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_killed_at_a_random_moment(
    undisturbed: tuple[Everything, float], tmp_path: Path, seed: int
) -> None:
    expected, seconds = undisturbed
    bank = _bank(tmp_path)
    _killed_then_run(bank, _at(seed, seconds))
    assert bank.everything() == expected


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4, 14))
def test_killed_at_more_random_moments(
    undisturbed: tuple[Everything, float], tmp_path: Path, seed: int
) -> None:
    expected, seconds = undisturbed
    bank = _bank(tmp_path)
    _killed_then_run(bank, _at(seed, seconds))
    assert bank.everything() == expected


def test_a_run_killed_amid_its_tables_is_closed_as_failed(
    undisturbed: tuple[Everything, float], tmp_path: Path
) -> None:
    bank = _bank(tmp_path)

    def once_stage_is_there(process: subprocess.Popen[bytes]) -> None:
        while process.poll() is None and not (bank.home / "lake" / "stage").exists():
            time.sleep(0.02)

    assert _killed_then_run(bank, once_stage_is_there)
    assert bank.everything() == undisturbed[0]
    with bank.instance() as instance:
        failed = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE]))
    assert len(failed) == 1


def test_two_runs_at_once(undisturbed: tuple[Everything, float], tmp_path: Path) -> None:
    bank = _bank(tmp_path)
    processes = [_start(bank), _start(bank)]
    for process in processes:
        printed, _ = process.communicate(timeout=300)
        assert process.returncode == 0, printed.decode()
    assert bank.everything() == undisturbed[0]
    assert _open_runs(bank) == 0
    assert bank.run(DAY).steps == ()
