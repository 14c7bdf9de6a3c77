"""A command that is asked to end does so with one sentence, whatever it is doing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.patience import PATIENCE
from tests.run.deliveries import DAY, good_day
from tests.run.small_bank import SmallBank

IGNORING = ["sh", "-c", 'trap "" INT; exec "$@"', "sh"]
"""As a command behind `&` in a script is started."""

# The ways in which a handler's exception, or the handler itself, has been lost.
WORK = {
    "swallowed": """
import time
while True:
    try:
        time.sleep(0.01)
    except BaseException:
        pass
""",
    "dagster": """
import time
from dagster._core.errors import DagsterExecutionInterruptedError
from dagster._utils.interrupts import raise_interrupts_as
while True:
    try:
        with raise_interrupts_as(DagsterExecutionInterruptedError):
            time.sleep(0.01)
        time.sleep(0.01)
    except BaseException:
        pass
""",
    "query": """
import duckdb
many = "range(1000000000)"
duckdb.sql(f"SELECT count(*) FROM {many} a, {many} b WHERE a.range % 7 = 3").fetchall()
""",
}
COMMAND = """
import sys
from customer360_assets.cli.stopping import stoppable
with stoppable("Run again."):
    print("started", flush=True)
    exec(sys.argv[1])
"""


@contextmanager
def _started(work: str, *before: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [*before, sys.executable, "-c", COMMAND, work],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        # In the midst of its work, once that is imported.
        time.sleep(1.5)
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("work", WORK)
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_no_work_keeps_a_command_from_ending(work: str, ending: signal.Signals) -> None:
    with _started(WORK[work]) as process:
        process.send_signal(ending)
        _, said = process.communicate(timeout=PATIENCE)
    assert said == f"Stopped by {ending.name}. Run again.\n"
    assert process.returncode == 128 + ending


@pytest.mark.parametrize("work", WORK)
def test_where_sigint_is_ignored_sigterm_still_ends(work: str) -> None:
    with _started(WORK[work], *IGNORING) as process:
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=PATIENCE)
    assert said == "Stopped by SIGTERM. Run again.\n"
    assert process.returncode == 143


def test_handlers_are_put_back() -> None:
    with _started("signal = None") as process:
        _, said = process.communicate(timeout=PATIENCE)
    assert (process.returncode, said) == (0, "")


def _all_ended(group: int) -> bool:
    """Wait until no process of a group is left."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.slow
def test_a_run_that_is_ended_publishes_nothing_by_halves(tmp_path: Path) -> None:
    bank = SmallBank(tmp_path)
    bank.deliver(good_day())
    given = ["--landing", bank.landing, "--home", bank.home, "--business-date", DAY]
    process = subprocess.Popen(
        [sys.executable, "-m", "customer360_assets.cli.main", "run", *map(str, given)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while process.poll() is None and not (bank.home / "lake" / "raw" / "card" / "data").exists():
        time.sleep(0.01)
    process.terminate()
    _, said = process.communicate(timeout=PATIENCE)
    assert said == "Stopped by SIGTERM. What was published stays; run again to continue.\n"
    assert process.returncode == 143
    assert _all_ended(process.pid)
    ran = bank.run(DAY)
    assert ran.code == 0, ran.output
    assert [row["n"] for row in bank.rows("SELECT count(*) AS n FROM profile.customer_360")] == [3]
