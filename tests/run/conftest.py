"""Homes built by the command from real deliveries, once per session."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from customer360_assets.deployment import deployment
from tests.patience import PATIENCE
from tests.run.deliveries import DAY, good_day
from tests.run.kept import Kept
from tests.run.loss_bank import first_day
from tests.run.small_bank import SmallBank, query_home, run_here

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


@dataclass(frozen=True)
class Home:
    """A home and the run that built it."""

    path: Path
    landing: Path
    ran: Ran

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Give the rows of a query, as JSON has them."""
        (found,) = query_home(deployment(self.path), query)
        as_json: list[dict[str, Any]] = json.loads(json.dumps(found, default=str))
        return as_json

    def row(self, query: str) -> dict[str, Any]:
        """Give the single row of a query."""
        (only,) = self.rows(query)
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


@pytest.fixture(scope="session", autouse=True)
def card_key() -> Iterator[None]:
    """One key for every home, so that their tokens compare."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUSTOMER360_CARD_KEY", "5a" * 32)
        yield


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The workshop's deliveries at 2024-05-23."""
    landing = real("workshop")
    return build(tmp_path_factory.mktemp("workshop") / "home", landing, "2024-05-23")


@pytest.fixture(scope="session")
def first_date(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """Three clients and a sound file of each feed, run."""
    bank = SmallBank(tmp_path_factory.mktemp("sound") / "bank")
    bank.deliver(good_day())
    ran = bank.run(DAY)
    assert ran.code == 0, ran.output
    return Kept.of(bank, "with one date")


@pytest.fixture
def sound_bank(first_date: Kept) -> SmallBank:
    """A bank of three clients with one published date."""
    return first_date.back()


@pytest.fixture(scope="session")
def first_ten(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """Ten clients and a sound file of each feed, run."""
    bank = SmallBank(tmp_path_factory.mktemp("ten") / "bank")
    bank.deliver(first_day())
    ran = bank.run(DAY)
    assert ran.code == 0, ran.output
    return Kept.of(bank, "with one date")


@pytest.fixture(scope="session")
def berka(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The Berka bank at 1993-12-31."""
    landing = real("berka")
    home = tmp_path_factory.mktemp("berka") / "home"
    code, output = run_here(home, landing, "1993-12-31", "berka")
    return Home(home, landing, Ran(code, output))
