"""A full disk, a damaged file of the home and a defect are reported in one sentence."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from customer360_assets.cli.failures import sentence_of
from customer360_assets.cli.main import app
from customer360_assets.runs.backup import restore
from resources.embedded.sqlite_ledger import SqliteLedger
from resources.files.folder_archive import LocalArchive
from resources.protocols.errors import DISK_FULL
from tests.cli.conftest import customer360
from tests.cli.test_mistakes import READING, RUN, failed
from tests.run.deliveries import DAY, good_day
from tests.run.small_bank import SmallBank


@pytest.fixture
def copy(home: Path, tmp_path: Path) -> Path:
    """A copy of the home that a test may damage."""
    copied = Path(shutil.copytree(home, tmp_path / "copy"))
    restore(copied)
    return copied


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:100])


def _emptied(file: Path) -> None:
    file.write_bytes(b"")


@pytest.mark.parametrize("damage", [_cut, _emptied])
@pytest.mark.parametrize("command", ["sql", "tables", "history"])
def test_a_damaged_catalog_is_named(
    copy: Path, command: str, damage: Callable[[Path], None]
) -> None:
    catalog = copy / "lake" / "catalog.db"
    damage(catalog)
    query = READING[command] if command != "sql" else ["sql", "SELECT 1 FROM stage.customer"]
    said = failed(*query, "--home", copy)
    assert said.startswith(f"The database {catalog} is damaged. Restore it from a backup")


@pytest.mark.parametrize("damage", [_cut, _emptied])
@pytest.mark.parametrize("command", ["profile", "branch"])
def test_a_damaged_store_is_named(copy: Path, command: str, damage: Callable[[Path], None]) -> None:
    store = copy / "serving" / "customer_profile.db"
    store.parent.mkdir()
    store.write_bytes(b"SQLite format 3\0" + bytes(1000))
    _cut(store)
    said = failed(*READING[command], "--home", copy)
    assert said.startswith(f"The database {store} is damaged. Delete it and materialize")


@pytest.mark.parametrize("damage", [_cut, _emptied])
def test_a_damaged_ledger_is_named(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    ledger = tmp_path / "home" / "archive" / "ledger.db"
    SqliteLedger(ledger).note("a", "text")
    LocalArchive(ledger.parent).put([b"a delivery"])
    damage(ledger)
    (tmp_path / "in").mkdir()
    said = failed(*RUN, "--home", tmp_path / "home", "--landing", tmp_path / "in")
    assert said.startswith(
        f"The ledger {ledger} {'cannot be used' if damage is _cut else 'is gone'}"
    )
    assert "from a backup" in said


def test_a_defect_leaves_its_traceback_in_a_file_of_the_owner(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("a value of a record")

    monkeypatch.setattr("customer360_assets.cli.tables.tables_command", broken)
    ran = CliRunner().invoke(app, ["tables", "--home", str(copy)])
    (file,) = (copy / "logs").iterdir()
    assert ran.exit_code == 1
    assert str(file) in ran.output
    assert "a value of a record" not in ran.output
    assert "a value of a record" in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    ran = CliRunner().invoke(app, ["tables"], env={"CUSTOMER360_DEBUG": "1"})
    assert isinstance(ran.exception, KeyError)


def test_a_defect_leaves_nothing_in_the_systems_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("a value of a record")

    (tmp_path / "system").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "system"))
    monkeypatch.setattr("customer360_assets.cli.tables.tables_command", broken)
    ran = CliRunner().invoke(app, ["tables", "--home", str(tmp_path / "no home")])
    assert "CUSTOMER360_DEBUG=1 prints its traceback." in " ".join(ran.output.split())
    assert list((tmp_path / "system").iterdir()) == []


@pytest.mark.parametrize(
    "name", ["history/runs.db", "history/runs/index.db", "schedules/schedules.db"]
)
def test_a_damaged_record_of_runs_is_named(copy: Path, name: str, tmp_path: Path) -> None:
    record = copy / "dagster" / name
    # Commands of other tests may have opened the record of the home that was copied.
    shutil.rmtree(copy / "dagster", ignore_errors=True)
    record.parent.mkdir(parents=True)
    record.write_bytes(b"SQLite format 3" + bytes(2000))
    bank = SmallBank(tmp_path)
    bank.deliver(good_day())
    said = failed(*RUN, "--home", copy, "--landing", bank.landing)
    # Dagster has lines of its own about a batch of events.
    last = said.splitlines()[-1]
    assert last.startswith(f"The database {record} is damaged. Restore it, or move the folder")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "f"), DISK_FULL),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), DISK_FULL),
        (sqlite3.OperationalError("database or disk is full"), DISK_FULL),
        (PermissionError(errno.EACCES, "Permission denied", "/h/x"), "Permission denied (/h/x). "),
        (OSError(errno.EROFS, "Read-only file system", "/h/x"), "Read-only file system (/h/x). "),
        (sqlite3.OperationalError("database is locked"), "Another process holds a database"),
    ],
)
def test_the_cause_of_a_failure_is_reported(error: Exception, said: str, tmp_path: Path) -> None:
    wrapped = RuntimeError("a library's own error")
    wrapped.__cause__ = error
    assert sentence_of(error, tmp_path).startswith(said)
    assert sentence_of(wrapped, tmp_path).startswith(said)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of little room."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(disk)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small file system can be mounted by root alone")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


@pytest.mark.parametrize(
    "room", ["64k", *(pytest.param(room, marks=pytest.mark.slow) for room in ("600k", "2m", "4m"))]
)
def test_a_full_disk_and_then_room(small_disk: Path, tmp_path: Path, room: str) -> None:
    bank = SmallBank(tmp_path)
    bank.deliver(good_day())
    bank.home = small_disk / "home"
    _resize(small_disk, room)
    run = ("run", "--landing", bank.landing, "--home", bank.home, "--business-date", DAY)
    ran = customer360(*run)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.splitlines()[-1] == DISK_FULL
    assert "Traceback" not in ran.err
    if room != "64k":
        _resize(small_disk, "500m")
        ran = customer360(*run)
        assert ran.code == 0, ran.out + ran.err
        assert "3 clients" in ran.out


def test_a_home_that_cannot_be_written_to(small_disk: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    said = failed(*RUN, "--home", small_disk / "home", "--landing", tmp_path / "in")
    assert said.startswith(f"Read-only file system ({small_disk / 'home'}")


def _resize(disk: Path, room: str) -> None:
    subprocess.run(["mount", "-o", f"remount,size={room}", str(disk)], check=True)
