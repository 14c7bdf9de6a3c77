"""Who may only read a home can look at all of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_mistakes import READING

READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
CAN_MOUNT = (
    os.geteuid() == 0
    and shutil.which("unshare") is not None
    and subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True).returncode == 0
)
pytestmark = pytest.mark.skipif(not CAN_MOUNT, reason="only root of a Linux can mount a folder")
QUERIES = {
    **{name: READING[name] for name in ("tables", "history", "profile", "profile as of", "branch")},
    "sql": ["sql", "SELECT count(*) AS clients FROM stage.customer"],
    "sql of a delta": ["sql", "SELECT count(*) AS records FROM stage.transaction"],
}
IN_SHORT = {"profile"}
"""Lake, profile store and engine, once each."""


@pytest.mark.parametrize(
    "command",
    [name if name in IN_SHORT else pytest.param(name, marks=pytest.mark.slow) for name in QUERIES],
)
def test_it_prints_the_same_from_a_read_only_home(home: Path, command: str) -> None:
    asked = [sys.executable, "-m", "customer360_assets.cli.main", *QUERIES[command], "--home", home]
    files = {path: path.stat().st_mtime_ns for path in home.rglob("*")}
    mounted = subprocess.run(
        ["unshare", "-m", "sh", "-c", READ_ONLY, home, *asked],
        check=False,
        capture_output=True,
        text=True,
    )
    assert {path: path.stat().st_mtime_ns for path in home.rglob("*")} == files
    written = subprocess.run(asked, check=False, capture_output=True, text=True)
    assert (mounted.returncode, mounted.stdout) == (written.returncode, written.stdout)
    assert mounted.stderr == written.stderr
