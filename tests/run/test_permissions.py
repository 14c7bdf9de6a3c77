"""A home is for the user alone who runs it, whatever the umask; so is what is decoded meanwhile."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.patience import PATIENCE
from tests.run.deliveries import CARDS, DAY, card, card_file, good_day
from tests.run.small_bank import SmallBank

pytestmark = pytest.mark.slow
WITHOUT_TEMPORARY = """
import tempfile
tempfile.tempdir = "/nonexistent"
from customer360_assets.cli.main import app
app()
"""
LEFT = (
    "lake/raw/card/data/.card-000009-aaaaaaaa.scratch/text/decoded",
    "lake/raw/card/data/.card-000009-aaaaaaaa.partial/part.parquet",
    "lake/raw/card/data/.spill/1/block",
    "scratch/00ff/1/decoded",
)


@contextmanager
def _open_umask() -> Iterator[None]:
    before = os.umask(0)
    try:
        yield
    finally:
        os.umask(before)


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> SmallBank:
    """A bank run under umask 0 in a home that everybody can enter, after a run that was killed.

    A card of two owners has stage look up the original text of a record.
    """
    bank = SmallBank(tmp_path_factory.mktemp("open"))
    bank.deliver({**good_day(), card_file(DAY, "090000"): card(CARDS[0], 103)})
    with _open_umask():
        bank.home.chmod(0o777)
        for file in LEFT:
            (bank.home / file).parent.mkdir(parents=True, exist_ok=True)
            (bank.home / file).write_text("decoded", encoding="ascii")
        (bank.home / "scratch/00ff.lock").touch()
        home = ["--home", bank.home, "--landing", bank.landing, "--business-date", DAY]
        ran = subprocess.run(
            [sys.executable, "-c", WITHOUT_TEMPORARY, "run", *map(str, home)],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    # The folders in which the killed run left something were open before.
    made_before = {bank.home / parent for file in LEFT for parent in Path(file).parents}
    for folder in made_before - {bank.home}:
        if folder.exists():
            folder.chmod(0o700)
    return bank


def test_nobody_else_may_read_or_enter_anything(bank: SmallBank) -> None:
    everything = [bank.home, *bank.home.rglob("*")]
    open_to_others = {
        str(path.relative_to(bank.home)): oct(stat.S_IMODE(path.lstat().st_mode))
        for path in everything
        if path.lstat().st_mode & 0o077
    }
    assert len(everything) > 200
    assert open_to_others == {}


def test_the_archive_cannot_be_written_to(bank: SmallBank) -> None:
    kept = [path for path in (bank.home / "archive/content").rglob("*") if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o400}


def test_the_original_was_looked_up_without_the_systems_temporary_folder(bank: SmallBank) -> None:
    found = bank.rows("SELECT DISTINCT rule FROM quarantine.card")
    assert found == [{"rule": "record:key_conflict"}]


@pytest.mark.parametrize("file", LEFT)
def test_nothing_decoded_is_left_of_a_killed_run(bank: SmallBank, file: str) -> None:
    assert not (bank.home / file).exists()
