"""The steps of an upgrade: each can be repeated, and nothing is lost whenever it is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from customer360_assets.runs import upgrade as upgrading
from customer360_assets.runs.dagster_settings import with_shipped
from customer360_assets.tables.transformations import code_folder
from resources.deployment.deployment import Deployment
from resources.deployment.whereabouts import LAYOUT
from tests.upgrade.conftest import unpacked
from tests.upgrade.old_homes import FIRST_MAIN, OldHome


def dies(_target: Deployment) -> str:
    raise KeyboardInterrupt


def moved(state: dict[str, object], old: Path, new: Path) -> dict[str, object]:
    """Return a state as it would be of a home at another place."""
    return {**state, "settings": str(state["settings"]).replace(str(old), str(new))}


@pytest.mark.slow
def test_an_upgrade_killed_after_each_step_ends_as_one_that_was_not(
    old: OldHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight = unpacked(FIRST_MAIN, tmp_path / "straight")
    straight.said_by("upgrade")
    for count in range(len(upgrading.STEPS) + 1):
        with monkeypatch.context() as patch:
            patch.setattr(upgrading, "STEPS", (*upgrading.STEPS[:count], dies))
            with pytest.raises(KeyboardInterrupt):
                list(upgrading.upgrade_home(old.home))
        old.said_by("tables", code=1)
    old.said_by("upgrade")
    wanted = straight.state()
    assert moved(old.state(), old.home, straight.home) == wanted
    assert old.record()["layout"] == LAYOUT
    old.said_by("upgrade")
    assert moved(old.state(), old.home, straight.home) == wanted


@pytest.mark.slow
def test_a_killed_process_is_taken_up_again(old: OldHome) -> None:
    command = [sys.executable, "-u", "-m", "customer360_assets.cli.main", "upgrade"]
    with subprocess.Popen(
        [*command, "--home", str(old.home)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Place:")
        process.send_signal(signal.SIGKILL)
    old.said_by("tables", code=1)
    assert "Place:" not in old.said_by("upgrade")
    assert old.state()["open"] == []
    assert "nothing to upgrade" in old.said_by("upgrade")


def test_an_operators_settings_stay_and_new_entries_come() -> None:
    own = "telemetry:\n  enabled: true\n\n# Ours.\nretention:\n  schedule: 30\n"
    text, added = with_shipped(own)
    assert text.startswith(own.rstrip())
    assert "telemetry" not in added
    assert "run_coordinator" in added
    assert with_shipped(text) == (text, [])
    shipped = code_folder("dagster.yaml").read_text(encoding="utf-8")
    assert with_shipped(shipped) == (shipped, [])


def test_only_what_any_user_may_read_is_closed(tmp_path: Path) -> None:
    home, landing = tmp_path / "home", tmp_path / "home" / "in"
    landing.mkdir(parents=True)
    modes = {"all": 0o644, "group": 0o640, "own": 0o600, "in/file": 0o644}
    for name, mode in modes.items():
        (home / name).touch()
        (home / name).chmod(mode)
    upgrading.close_to_others(Deployment(home=home, landing=landing))
    left = {name: (home / name).stat().st_mode & 0o777 for name in modes}
    assert left == {**modes, "all": 0o600}
