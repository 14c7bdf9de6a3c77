"""Homes built by the command from real deliveries, once per session."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

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
        timeout=600,
        env={**os.environ, "COLUMNS": "300"},
    )
    return Ran(done.returncode, done.stdout + done.stderr)


@dataclass(frozen=True)
class Home:
    """A home and the run that built it."""

    path: Path
    landing: Path
    ran: Ran

    def rows(self, query: str, *options: str) -> list[dict[str, Any]]:
        """Give the rows of a query."""
        ran = customer360("sql", query, "--home", self.path, "--format", "json", *options)
        assert ran.code == 0, ran.output
        found: list[dict[str, Any]] = json.loads(ran.output)
        return found

    def row(self, query: str, *options: str) -> dict[str, Any]:
        """Give the single row of a query."""
        (only,) = self.rows(query, *options)
        return only

    def again(self, business_date: str, *options: str) -> Ran:
        """Run the command on the home once more."""
        return customer360(
            "run", "--landing", self.landing, "--home", self.path, "--business-date",
            business_date, *options,
        )  # fmt: skip


def build(home: Path, landing: Path, business_date: str, *options: str) -> Home:
    """Build a home."""
    arguments = ("--landing", landing, "--home", home, "--business-date", business_date)
    return Home(home, landing, customer360("run", *arguments, *options))


def real(name: str) -> Path:
    """Give a folder of real deliveries, or skip."""
    folder = DATA / name
    if not folder.is_dir():
        pytest.skip(f"the real deliveries {folder} are not on this machine")
    return folder


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The workshop's deliveries at 2024-05-23."""
    landing = real("workshop")
    return build(tmp_path_factory.mktemp("workshop") / "home", landing, "2024-05-23")


@pytest.fixture(scope="session")
def berka(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The Berka bank at 1993-12-31."""
    landing = real("berka")
    home = tmp_path_factory.mktemp("berka") / "home"
    return build(home, landing, "1993-12-31", "--feeds", "berka")


@pytest.fixture
def home_of(tmp_path: Path) -> Callable[..., Home]:
    """Builds a home from files given by name and text."""

    def make(files: dict[str, str | bytes], business_date: str = "2024-05-23") -> Home:
        landing = tmp_path / "landing"
        put(landing, files)
        return build(tmp_path / "home", landing, business_date)

    return make


def put(landing: Path, files: dict[str, str | bytes]) -> None:
    """Write files into a landing zone."""
    for name, content in files.items():
        path = landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
