"""The token stands in the printed address and in the webserver's variables, and nowhere else."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from customer360_assets.automation.alerts.from_runs import UI
from customer360_assets.cli import ui
from customer360_assets.web.access import TOKEN
from resources.deployment.deployment import Deployment

REAL = subprocess.Popen


def _started(monkeypatch: pytest.MonkeyPatch, home: Path) -> list[tuple[str, dict[str, str]]]:
    """Return the command line and variables of each process that the command starts."""
    started = []

    def stand_in(command: list[str], env: dict[str, str], **_: Any) -> subprocess.Popen[bytes]:
        started.append((" ".join(command), env))
        return REAL(["true"])

    monkeypatch.setattr(ui.subprocess, "Popen", stand_in)
    Deployment(home=home).save()
    assert ui.ui_command(home, "127.0.0.1", 0) == 0
    return started


def test_a_token_of_its_own_is_printed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in (TOKEN, UI):
        monkeypatch.delenv(name, raising=False)
    (web, of_web), (daemon, of_daemon) = _started(monkeypatch, tmp_path)
    token = of_web[TOKEN]
    assert len(token) >= 43
    printed = capsys.readouterr().out
    assert printed.count(token) == 1
    assert f"{of_web[UI]}/?token={token} " in printed
    assert token not in web + daemon
    assert token not in of_web[UI]
    assert token not in " ".join(of_daemon.values())
    (_, again), _ = _started(monkeypatch, tmp_path)
    assert again[TOKEN] != token


def test_the_operators_own_token_is_not_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = "decided-" + "z" * 32
    monkeypatch.setenv(TOKEN, secret)
    (_, of_web), (_, of_daemon) = _started(monkeypatch, tmp_path)
    assert of_web[TOKEN] == secret
    assert TOKEN not in of_daemon
    printed = capsys.readouterr().out
    assert secret not in printed
    assert f"/?token=<{TOKEN}>" in printed
