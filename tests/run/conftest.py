"""Homes built by the command from real deliveries, once per session."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from customer360_assets.cli.main import app
from resources.deployment.deployment import deployment
from tests.patience import PATIENCE
from tests.run.homes import card_key, first_date, first_ten, once_corrected, sound_bank
from tests.run.small_bank import query_home, run_here

__all__ = ["card_key", "first_date", "first_ten", "once_corrected", "sound_bank"]

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
COMMAND = [sys.executable, "-m", "customer360_assets.cli.main"]


@dataclass(frozen=True)
class Ran:
    """What a command printed and how it ended."""

    code: int
    output: str


def customer360(*arguments: str | Path) -> Ran:
    """Run the command as a user does."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
        env={**os.environ, "COLUMNS": "300"},
    )
    return Ran(done.returncode, done.stdout + done.stderr)


def customer360_here(*arguments: str | Path) -> Ran:
    """Run the command in this process."""
    done = CliRunner().invoke(app, [*map(str, arguments)])
    return Ran(done.exit_code, done.output)


@dataclass(frozen=True)
class Home:
    """A home and the run that built it."""

    path: Path
    landing: Path
    ran: Ran

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Return the rows of a query, as JSON has them."""
        (found,) = query_home(deployment(self.path), query)
        as_json: list[dict[str, Any]] = json.loads(json.dumps(found, default=str))
        return as_json

    def row(self, query: str) -> dict[str, Any]:
        """Return the single row of a query."""
        (only,) = self.rows(query)
        return only


def real(name: str) -> Path:
    """Return a folder of real deliveries, or skip."""
    folder = DATA / name
    if not folder.is_dir():
        pytest.skip(f"the real deliveries {folder} are not on this machine")
    return folder


@pytest.fixture(scope="session", autouse=True)
def _one_card_key(card_key: None) -> None:
    """Set the same key for every home."""


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The workshop's deliveries at 2024-05-23."""
    landing = real("workshop")
    home = tmp_path_factory.mktemp("workshop") / "home"
    return Home(home, landing, Ran(*run_here(home, landing, "2024-05-23")))


@pytest.fixture(scope="session")
def berka(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The Berka bank at 1993-12-31."""
    landing = real("berka")
    home = tmp_path_factory.mktemp("berka") / "home"
    return Home(home, landing, Ran(*run_here(home, landing, "1993-12-31", "berka")))
