"""The check that `make check` runs fails on a lock file, an advisory or a licence that is wrong."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dependencies.locks import LOCKS, ROOT, pins
from tests.patience import PATIENCE


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of what the check reads."""
    shutil.copytree(ROOT / "dependencies", tmp_path / "dependencies")
    for lock in LOCKS:
        target = tmp_path / lock.relative_to(ROOT)
        target.parent.mkdir(exist_ok=True)
        shutil.copy(lock, target)
    return tmp_path


def _check(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dependencies.check"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


def _pin_advisories(root: Path, named: dict[str, dict[str, list[str]]]) -> None:
    packages = {str(pin): named.get(pin.name, {}) for pin in pins()}
    given = {"taken": "2026-03-31", "source": "osv", "packages": packages}
    (root / "dependencies" / "advisories.json").write_text(json.dumps(given))


def test_nothing_to_say(copy: Path) -> None:
    _pin_advisories(copy, {})
    done = _check(copy)
    assert (done.returncode, done.stdout, done.stderr) == (0, "advisories: osv, 2026-03-31\n", "")


def test_without_advisories_it_says_that_nothing_is_compared(copy: Path) -> None:
    never = {"taken": None, "source": None, "packages": {}}
    (copy / "dependencies" / "advisories.json").write_text(json.dumps(never))
    done = _check(copy)
    assert done.returncode == 0
    assert "never fetched, so nothing is compared" in done.stdout


def test_an_advisory_fails(copy: Path) -> None:
    _pin_advisories(copy, {"sqlglot": {"PYSEC-1": []}})
    done = _check(copy)
    assert done.returncode == 1
    assert done.stderr.endswith("PYSEC-1, fixed in no version\n")


def test_a_new_pin_fails_for_both(copy: Path) -> None:
    _pin_advisories(copy, {})
    with (copy / "locks" / "requirements-image.txt").open("a") as lock:
        lock.write("unheard-of==1.0 \\\n    --hash=sha256:00\n")
    done = _check(copy)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "unheard-of==1.0: no advisories are pinned for this version: run `make advisories`",
        "unheard-of==1.0: locked, not listed: run `make licences`",
    ]


def test_a_licence_that_was_edited_fails(copy: Path) -> None:
    _pin_advisories(copy, {})
    file = copy / "dependencies" / "licences.txt"
    (line,) = (one for one in file.read_text().splitlines() if one.startswith("sqlglot=="))
    pin = line.partition(" ")[0]
    file.write_text(file.read_text().replace(line, f"{pin} Apache-2.0"))
    done = _check(copy)
    assert done.returncode == 1
    assert done.stderr == f"{pin}: Apache-2.0 is listed, MIT is stated: run `make licences`\n"
