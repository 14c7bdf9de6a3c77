"""Homes of another layout: every command names what to do, in one line, and changes nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from customer360_assets.runs.backup import restore
from resources.deployment.deployment import Deployment
from resources.deployment.whereabouts import HOME_FILE, LAYOUT
from tests.upgrade.bank import LAST
from tests.upgrade.old_homes import OldHome, said_by

COMMANDS = {
    "run": ["run", "--business-date", LAST],
    "sql": ["sql", "SELECT 1 AS one"],
    "tables": ["tables"],
    "profile": ["profile", "5001"],
    "branch": ["branch", "7"],
    "history": ["history", "stage.card"],
    "rollback": ["rollback", "stage.card", "--to", "1"],
    "hold": ["hold", "list"],
    "automation": ["automation", "off"],
    "ui": ["ui"],
}


def contents(home: Path) -> dict[str, tuple[int, int]]:
    """Return size and time of every file."""
    files = (path for path in home.rglob("*") if path.is_file())
    return {str(p): (p.stat().st_size, p.stat().st_mtime_ns) for p in files}


def test_a_home_of_an_earlier_release_is_refused_by_every_command(old: OldHome) -> None:
    before = contents(old.home)
    for name, command in COMMANDS.items():
        lines = old.said_by(*command, code=1).splitlines()
        assert len(lines) == 1, name
        assert lines[0].endswith(f"customer360 upgrade --home {old.home}."), name
    assert contents(old.home) == before


def test_a_home_of_an_earlier_release_can_be_backed_up_where_it_was_made(
    tmp_path: Path, old: OldHome
) -> None:
    restore(old.home)
    old.said_by("backup", "--to", str(tmp_path / "copy"))
    assert OldHome(tmp_path / "copy", old.landing).record()["layout"] == 0


def test_a_home_of_a_newer_release_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "home"
    Deployment(home=home).save()
    record = json.loads((home / HOME_FILE).read_text())
    assert record["layout"] == LAYOUT
    (home / HOME_FILE).write_text(json.dumps({**record, "layout": LAYOUT + 1}))
    for command in (
        ["tables"],
        ["run", "--business-date", LAST],
        ["upgrade"],
        ["backup", "--to", "b"],
    ):
        (line,) = said_by(*command, "--home", home, code=1).splitlines()
        assert line.endswith("use the newer release."), line


@pytest.mark.parametrize("folder", ["none", "empty", "file"])
def test_what_is_no_home_is_not_upgraded(tmp_path: Path, folder: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    code = 2 if folder == "file" else 1
    (line,) = said_by("upgrade", "--home", tmp_path / folder, code=code).splitlines()
    assert "is not a home" in line or "is a file" in line
    assert not list((tmp_path / "empty").iterdir())


def test_the_help_has_an_example() -> None:
    assert "Example: customer360 upgrade --home .customer360" in said_by("upgrade", "--help")


def test_a_record_without_a_number_is_of_an_earlier_release(tmp_path: Path) -> None:
    home = tmp_path / "home"
    Deployment(home=home).save()
    record = json.loads((home / HOME_FILE).read_text())
    del record["layout"]
    (home / HOME_FILE).write_text(json.dumps(record))
    (line,) = said_by("tables", "--home", home, code=1).splitlines()
    assert line.endswith(f"customer360 upgrade --home {home}.")
    said_by("upgrade", "--home", home)
    upgraded = json.loads((home / HOME_FILE).read_text())
    assert upgraded == {**record, "layout": LAYOUT}
    said_by("tables", "--home", home)
