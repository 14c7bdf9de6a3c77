"""Folders that vanish or are closed while they are listed, and drafts of other machines."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from resources.files.folder_archive import LocalArchive
from resources.files.folder_landing import LocalLanding
from tests.deliveries.raw_home import PROCESSES
from tests.patience import PATIENCE


@pytest.mark.parametrize("pattern", ["**/*.csv", "*/*.csv", "**/*"])
def test_a_folder_that_vanishes_while_it_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str
) -> None:
    for name in ("card/a.csv", "gone/b.csv", "zone/c.csv"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("x")
    plain = os.scandir

    def vanishing(path: Any) -> Any:
        if str(path).endswith("gone"):
            shutil.rmtree(path, ignore_errors=True)
        return plain(path)

    monkeypatch.setattr(os, "scandir", vanishing)
    shown = [file.key for file in LocalLanding(tmp_path).list("", pattern)]
    assert shown == ["card/a.csv", "zone/c.csv"]


def test_a_folder_that_is_closed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("card/a.csv", "closed/b.csv", ".hidden/c.csv"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("x")
    plain = os.scandir

    def closed(path: Any) -> Any:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return plain(path)

    monkeypatch.setattr(os, "scandir", closed)
    landing = LocalLanding(tmp_path)
    assert [file.key for file in landing.list()] == ["card/a.csv"]
    assert landing.out_of_reach() == ("closed",)


def test_what_glob_finds_is_listed_but_for_links(tmp_path: Path) -> None:
    def is_own(path: Path) -> bool:
        return not any(p.is_symlink() for p in (path, *path.parents)) and path.is_file()

    (tmp_path / "real").mkdir()
    (tmp_path / "real/a.csv").write_text("x")
    (tmp_path / "real/back").symlink_to(tmp_path)
    (tmp_path / "linked").symlink_to(tmp_path / "real")
    (tmp_path / "b.csv").symlink_to(tmp_path / "real/a.csv")
    (tmp_path / "broken.csv").symlink_to(tmp_path / "nothing")
    for pattern in ("*", "*/*", "linked/*.csv", "linked/a.csv", "**/*.csv", "real/**/*", "**/**/*"):
        found = {p.relative_to(tmp_path).as_posix() for p in tmp_path.glob(pattern) if is_own(p)}
        shown = [file.key for file in LocalLanding(tmp_path).list("", pattern)]
        assert shown == sorted(found), pattern
    assert LocalLanding(tmp_path).list("linked", "*") == []
    assert [f.key for f in LocalLanding(tmp_path).list("real", "*")] == ["real/a.csv"]


def hold_a_draft(root: Path, queue: Any, go_on: Any) -> None:
    def chunks() -> Any:
        yield b"half, "
        queue.put("writing")
        go_on.get(timeout=PATIENCE)
        yield b"whole"

    queue.put(LocalArchive(root).put(chunks()).bytes)


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_draft_that_is_being_written_is_let_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, elsewhere: bool
) -> None:
    queue, go_on = PROCESSES.Queue(), PROCESSES.Queue()
    writer = PROCESSES.Process(target=hold_a_draft, args=(tmp_path, queue, go_on))
    writer.start()
    assert queue.get(timeout=PATIENCE) == "writing"
    if elsewhere:
        # In another container the writer's number is nobody's.
        def nobody(_pid: int, _signal: int) -> None:
            raise ProcessLookupError

        monkeypatch.setattr(os, "kill", nobody)
    LocalArchive(tmp_path).put([b"another"])
    monkeypatch.undo()
    assert len(list((tmp_path / "incoming").iterdir())) == 1
    go_on.put(None)
    assert queue.get(timeout=PATIENCE) == len(b"half, whole")
    writer.join()
    assert list((tmp_path / "incoming").iterdir()) == []


def test_a_draft_that_nobody_holds_is_cleared(tmp_path: Path) -> None:
    left = tmp_path / "incoming" / f"{os.getpid()}-left"
    left.parent.mkdir()
    left.write_text("half")
    LocalArchive(tmp_path).put([b"another"])
    assert not left.exists()
