"""Homes that are copied, moved, backed up and restored: the original is never touched."""

from __future__ import annotations

import json
import shutil
import sqlite3
import stat
import threading
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from customer360_assets.cli.main import app
from customer360_assets.runs.backup import back_up, restore
from resources.deployment.deployment import Deployment, deployment
from resources.deployment.whereabouts import HOME_FILE, PlaceError
from resources.embedded.opened import open_lake
from tests.cli.conftest import DAYS, publish

TABLES = ("stage.customer", "stage.transaction")


def said_by(*arguments: str | Path, code: int = 0) -> str:
    """Return what a command prints, on one line."""
    done = CliRunner().invoke(app, [str(a) for a in arguments])
    assert done.exit_code == code, done.output
    return " ".join(done.output.split())


def contents(home: Path) -> dict[str, bytes]:
    """Return the bytes of every file of a home, without what SQLite makes to read a database."""
    files = (p for p in home.rglob("*") if p.is_file() and not p.name.endswith(("-shm", "-wal")))
    return {str(path.relative_to(home)): path.read_bytes() for path in files}


def rows(home: Path) -> dict[str, list[Mapping[str, Any]]]:
    """Return all rows of the tables, and every snapshot's."""
    lake = open_lake(deployment(home))
    found: dict[str, list[Mapping[str, Any]]] = {}
    for table in TABLES:
        found[table] = [row for batch in lake.batches(table) for row in batch.to_pylist()]
        for snapshot in lake.history(table):
            files = lake.files(table, snapshot_id=snapshot.snapshot_id)
            assert all(Path(file).is_relative_to(home) for file in files)
            found[f"{table} {snapshot.snapshot_id}"] = [{"files": len(files)}]
    return found


@pytest.fixture
def original(home: Path, tmp_path: Path) -> Path:
    """A home of this test alone."""
    own = tmp_path / "original"
    shutil.copytree(home, own)
    restore(own)
    return own


def moved(original: Path, tmp_path: Path, how: str) -> Path:
    """Copy or move a home."""
    there = tmp_path / "there"
    if how == "copied":
        shutil.copytree(original, there)
    else:
        original.rename(there)
    return there


@pytest.mark.parametrize("record", ["with its record", "of an earlier release"])
@pytest.mark.parametrize("how", ["copied", "moved"])
def test_it_is_refused_in_one_line_until_it_is_restored(
    original: Path, tmp_path: Path, how: str, record: str
) -> None:
    wanted, remedy, advice = rows(original), "restore", "Run customer360 restore --home {} first."
    if record == "of an earlier release":
        (original / HOME_FILE).unlink()
        # An upgrade restores, too.
        remedy, advice = "upgrade", "then run customer360 upgrade --home {}."
    before = contents(original)
    there = moved(original, tmp_path, how)
    for command in (
        ["tables"],
        ["history", "stage.customer"],
        ["sql", "SELECT 1"],
        ["branch", "1"],
    ):
        said = said_by(*command, "--home", there, code=1)
        assert said.endswith(advice.format(there)), said
    assert contents(there) == before
    said_by(remedy, "--home", there)
    assert rows(there) == wanted
    assert "nothing to restore" in said_by("restore", "--home", there)
    if how == "copied":
        assert contents(original) == before


@pytest.mark.slow
def test_publishing_to_a_restored_copy_leaves_the_original_as_it_is(
    original: Path, tmp_path: Path
) -> None:
    there = moved(original, tmp_path, "copied")
    restore(there)
    before = contents(original)
    # Iceberg keeps 50 earlier states of a table and deletes older ones.
    for age in range(52):
        row = {"business_date": DAYS[0], "client_id": 1, "age": age}
        publish(deployment(there), "stage.customer", [row])
    assert contents(original) == before
    assert [row["age"] for row in rows(there)["stage.customer"]] == [51]


def test_a_restore_that_was_killed_can_be_repeated(
    original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted, there = rows(original), moved(original, tmp_path, "moved")
    replace, count = Path.replace, iter(range(5))

    def dies(draft: Path, target: Path) -> Path:
        if next(count, None) is None:
            raise KeyboardInterrupt
        return replace(draft, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", dies)
        with pytest.raises(KeyboardInterrupt):
            restore(there)
    with pytest.raises(PlaceError, match="customer360 restore"):
        deployment(there)
    restore(there)
    assert rows(there) == wanted


def test_a_landing_folder_within_the_home_moves_with_it(original: Path, tmp_path: Path) -> None:
    (original / "bank").mkdir()
    deployment(original, landing=original / "bank").save()
    there = moved(original, tmp_path, "moved")
    restore(there)
    assert deployment(there).landing == there / "bank"


def test_a_copy_that_lacks_a_file_is_not_restored(original: Path, tmp_path: Path) -> None:
    there = moved(original, tmp_path, "copied")
    lost = next(there.glob("lake/stage/customer/data/**/*.parquet"))
    lost.unlink()
    before = contents(there)
    with pytest.raises(PlaceError, match="is not whole"):
        restore(there)
    assert contents(there) == before


def test_a_backup_is_whole_and_private_and_becomes_a_home(original: Path, tmp_path: Path) -> None:
    (original / "scratch" / "x").mkdir(parents=True)
    (original / "scratch" / "x" / "decoded").touch()
    before, target = rows(original), tmp_path / "backup"
    said_by("backup", "--home", original, "--to", target)
    assert [path for path in (target, *target.rglob("*")) if path.stat().st_mode & 0o077] == []
    assert not (target / "scratch").exists()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    assert "restore" in said_by("tables", "--home", target, code=1)
    shutil.rmtree(original)
    said_by("restore", "--home", target)
    assert rows(target) == before


def test_a_backup_put_back_where_it_was_made_needs_no_restore(
    original: Path, tmp_path: Path
) -> None:
    before = rows(original)
    back_up(deployment(original), tmp_path / "backup")
    shutil.rmtree(original)
    (tmp_path / "backup").rename(original)
    assert rows(original) == before


def test_a_backup_is_of_one_moment_while_a_run_publishes(original: Path, tmp_path: Path) -> None:
    ended = threading.Event()
    lake, source = open_lake(deployment(original)), deployment(original)

    def publish_round(number: int) -> None:
        # The customers of a round are published before its transactions.
        day = {"business_date": DAYS[0]}
        publish(source, "stage.customer", [{**day, "client_id": 1, "age": number}])
        publish(source, "stage.transaction", [{**day, "trans_id": number}])

    def publishes() -> None:
        number = 0
        while not ended.is_set():
            number += 1
            publish_round(number)

    publish_round(0)
    runs = threading.Thread(target=publishes)
    runs.start()
    try:
        for n in range(3):
            back_up(source, tmp_path / str(n))
    finally:
        ended.set()
        runs.join()
    for n in range(3):
        restore(tmp_path / str(n))
        found = rows(tmp_path / str(n))
        (customer,), (booking,) = found["stage.customer"], found["stage.transaction"]
        assert customer["age"] - booking["trans_id"] in {0, 1}
    assert len(lake.history("stage.customer")) > 1


@pytest.mark.parametrize("place", ["home/within", "taken"])
def test_a_backup_is_refused_where_it_cannot_be(original: Path, tmp_path: Path, place: str) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").touch()
    before = contents(original)
    target = original / "within" if place == "home/within" else tmp_path / place
    said_by("backup", "--home", original, "--to", target, code=1)
    assert contents(original) == before
    assert [path.name for path in (tmp_path / "taken").iterdir()] == ["file"]


def test_every_database_is_copied_with_what_its_log_holds(original: Path, tmp_path: Path) -> None:
    path = original / "dagster" / "storage" / "runs.db"
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as live:
        live.execute("PRAGMA journal_mode = WAL")
        live.execute("CREATE TABLE run (id)")
        live.execute("INSERT INTO run VALUES (7)")
        live.commit()
        back_up(deployment(original), tmp_path / "backup")
    with closing(sqlite3.connect(tmp_path / "backup" / path.relative_to(original))) as kept:
        assert kept.execute("SELECT id FROM run").fetchall() == [(7,)]


def test_a_home_says_what_and_where_it_is(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for home in (one, other, one):
        Deployment(home=home).save()
    kept = [json.loads((home / HOME_FILE).read_text()) for home in (one, other)]
    assert [record["path"] for record in kept] == [str(one), str(other)]
    assert len({record["id"] for record in kept}) == 2


def test_a_folder_that_is_no_home_is_not_restored(tmp_path: Path) -> None:
    assert "is not a home" in said_by("restore", "--home", tmp_path / "none", code=1)
    assert not (tmp_path / "none").exists()


def test_a_home_that_everybody_may_enter_is_closed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    modes = []
    for mode in (0o755, 0o750):
        home.mkdir(exist_ok=True)
        home.chmod(mode)
        Deployment(home=home).save()
        modes.append(stat.S_IMODE(home.stat().st_mode))
    # A group that the owner has let in stays.
    assert modes == [0o700, 0o750]
