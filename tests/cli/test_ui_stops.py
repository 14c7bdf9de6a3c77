"""`customer360 ui` leaves no process behind, and reports how the first one ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from resources.deployment.deployment import Deployment
from tests.patience import PATIENCE

# The two services are stood in for: what counts is that they are processes.
COMMAND = """
import subprocess, sys
from pathlib import Path
from customer360_assets.cli import ui
real = subprocess.Popen
def stand_in(command, **_):
    webserver = "customer360_assets.web.serve" in command
    made = real(["sh", "-c", sys.argv[2] if webserver else "exec sleep 100000"])
    print(made.pid, flush=True)
    return made
ui.subprocess.Popen = stand_in
sys.exit(ui.ui_command(Path(sys.argv[1]), "127.0.0.1", 0))
"""


def _started(home: Path, webserver: str, *before: str) -> tuple[subprocess.Popen[str], list[int]]:
    """Start the command; give it with the ids of its two processes."""
    Deployment(home=home).save()
    command = [*before, sys.executable, "-c", COMMAND, str(home), webserver]
    ui = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert ui.stdout is not None
    ids: list[int] = []
    while len(ids) < 2:
        line = ui.stdout.readline()
        assert line, "the command ended before it had started both"
        ids += [int(line)] if line.strip().isdigit() else []
    return ui, ids


def _left(ids: list[int]) -> list[int]:
    """Return those that still exist after a moment, and end them."""
    deadline = time.monotonic() + PATIENCE
    while (left := [i for i in ids if _is_there(i)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    for i in left:
        os.kill(i, signal.SIGKILL)
    return left


def _is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(
    "ending",
    [
        signal.SIGTERM,
        *(pytest.param(s, marks=pytest.mark.slow) for s in (signal.SIGINT, signal.SIGHUP)),
    ],
)
def test_a_stopped_ui_leaves_neither_webserver_nor_daemon(
    tmp_path: Path, ending: signal.Signals
) -> None:
    ui, ids = _started(tmp_path, "exec sleep 100000")
    ui.send_signal(ending)
    code = ui.wait(PATIENCE)
    assert _left(ids) == []
    assert code == 0


@pytest.mark.slow
def test_the_code_of_whichever_ended_first_is_given_and_the_other_is_ended(tmp_path: Path) -> None:
    ui, ids = _started(tmp_path, "sleep 0.2; exit 3")
    assert ui.wait(PATIENCE) == 3
    assert _left(ids) == []


@pytest.mark.slow
def test_under_nohup_the_end_of_the_terminal_ends_nothing(tmp_path: Path) -> None:
    ui, ids = _started(tmp_path, "exec sleep 100000", "nohup")
    ui.send_signal(signal.SIGHUP)
    time.sleep(1)
    assert ui.poll() is None
    ui.send_signal(signal.SIGTERM)
    assert ui.wait(PATIENCE) == 0
    assert _left(ids) == []
