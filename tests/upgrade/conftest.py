"""Homes of earlier releases, unpacked at another place than they were made at."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from tests.upgrade.old_homes import FIRST_MAIN, OldHome


def unpacked(archive: Path, folder: Path) -> OldHome:
    """Unpack a home and its landing folder."""
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="tar")
    return OldHome(folder / "home", folder / "landing")


@pytest.fixture
def old(tmp_path: Path) -> OldHome:
    """The home of the release before the first number, for one test."""
    return unpacked(FIRST_MAIN, tmp_path / "old")


@pytest.fixture(scope="module")
def run_after_upgrade(tmp_path_factory: pytest.TempPathFactory) -> OldHome:
    """The same, upgraded and run up to its last business date; no test changes it."""
    home = unpacked(FIRST_MAIN, tmp_path_factory.mktemp("upgraded"))
    home.said_by("upgrade")
    home.run()
    return home
