"""The engines are the pinned ones, unpacked whole, and their absence is not overlooked."""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from engines.unpack import checksums, differing, unpack_trino
from tests.engines.installed import REQUIRED, demand
from tests.patience import PATIENCE


def packed_server(archives: Path) -> None:
    archives.mkdir()
    with tarfile.open(archives / "trino-server-core-1.tar.gz", "w:gz") as tar:
        for name in ("trino-server-core-1/lib/main.jar", "trino-server-core-1/plugin/geo/geo.jar"):
            tar.addfile(tarfile.TarInfo(name), io.BytesIO())
    with zipfile.ZipFile(archives / "trino-iceberg-1.zip", "w") as zipped:
        for name in ("iceberg.jar", "io...ry_long-name.jar"):
            zipped.writestr(f"trino-iceberg-1/{name}", b"")


def test_the_connector_is_a_plugin_of_the_server(tmp_path: Path) -> None:
    packed_server(tmp_path / "archives")
    (tmp_path / "trino.draft/left").mkdir(parents=True)  # of a killed call
    unpack_trino(tmp_path / "archives", tmp_path / "trino")
    found = {str(p.relative_to(tmp_path / "trino")) for p in (tmp_path / "trino").rglob("*.jar")}
    assert found == {
        "lib/main.jar",
        "plugin/geo/geo.jar",
        "plugin/iceberg/iceberg.jar",
        "plugin/iceberg/io...ry_long-name.jar",
    }
    assert sorted(p.name for p in tmp_path.iterdir()) == ["archives", "trino"]


def test_an_archive_that_is_not_the_pinned_one_is_named(tmp_path: Path) -> None:
    for name in ("same.jar", "other.jar", "unpinned.jar"):
        (tmp_path / name).write_bytes(name.encode())
    pinned = {
        "same.jar": hashlib.sha256(b"same.jar").hexdigest(),
        "other.jar": hashlib.sha256(b"as pinned").hexdigest(),
        "absent.jar": hashlib.sha256(b"").hexdigest(),
    }
    assert differing(tmp_path, pinned) == ["absent.jar", "other.jar", "unpinned.jar"]


def test_every_archive_is_pinned_at_the_version_that_maven_copies() -> None:
    pom = (Path(__file__).parents[2] / "engines" / "pom.xml").read_text(encoding="utf-8")
    assert len(checksums()) == pom.count("<artifactItem>")
    for name in checksums():
        version = name.removesuffix(".tar.gz").removesuffix(".jar").removesuffix(".zip")
        assert f"version>{version.rpartition('-')[2]}<" in pom


def test_without_maven_the_tests_skip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(REQUIRED, raising=False)
    with pytest.raises(pytest.skip.Exception, match="Maven"):
        demand(tmp_path)


def test_where_the_engines_are_required_a_skip_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv(REQUIRED, "1")
    with pytest.raises(pytest.fail.Exception, match="make test-engines"):
        demand(tmp_path)


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="util-linux is not installed")
def test_an_engine_ends_with_tests_that_are_killed() -> None:
    program = (
        "import subprocess, time; from tests.engines.trino_server import dies_with_us;"
        " print(subprocess.Popen(dies_with_us(['sleep', '600'])).pid, flush=True); time.sleep(600)"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=root, stdout=subprocess.PIPE, text=True
    ) as tests:
        assert tests.stdout is not None
        engine = int(tests.stdout.readline())
        # What sets the signal becomes the engine only then: before, nothing is to be seen.
        _wait_for(lambda: _program(engine) == "sleep")
        tests.kill()
    _wait_for(lambda: _program(engine) is None)


def _wait_for(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _program(pid: int) -> str | None:
    """Return what a process runs; None for one that has ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8")
    except OSError:
        return None
    ended = stat.rpartition(")")[2].split()[0] == "Z"
    return None if ended else stat.partition("(")[2].rpartition(")")[0]


def test_engines_that_are_here_are_taken(tmp_path: Path) -> None:
    (tmp_path / ".ready").touch()
    demand(tmp_path)
