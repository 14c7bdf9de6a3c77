"""The landing zone gives its own files alone: no links, pipes or devices, nothing outside it."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path
from typing import Any

import pytest

from customer360_assets.deliveries.intake.landed import Landed
from customer360_assets.feeds import FeedError, load_feeds
from resources.files.folder_landing import LocalLanding
from resources.files.regular import NotAFileError, open_regular, stats_regular
from resources.protocols.landing import LandedFile
from tests.deliveries.raw_home import DAY, Home
from tests.feeds.test_specifications import changed, write

CARDS = "5555555555554441,1,gold,2024-01-02T03:04:05.123456\n"
NAME = "card/card0020240523-1.csv"


def archived(home: Home) -> set[bytes]:
    return {p.read_bytes() for p in (home.root / "archive").rglob("*") if p.is_file()}


def test_what_became_a_link_since_it_was_listed_is_not_looked_at(tmp_path: Path) -> None:
    (tmp_path / "card").mkdir()
    (tmp_path / "card" / "file").touch()
    (tmp_path / "card" / "link").symlink_to(tmp_path / "card" / "file")
    (tmp_path / "linked").symlink_to(tmp_path / "card")
    keys = ["card/file", "card/folder/file", "card/gone", "card/link", "linked/file"]
    assert [key for key, _ in stats_regular(tmp_path, keys)] == ["card/file"]


def test_a_link_to_a_secret_is_named_and_nothing_of_it_is_archived(home: Home) -> None:
    secret = home.root / "card_token.key"
    secret.write_text("c0ffee" * 11)
    secret.chmod(0o640)
    home.deliver(NAME, CARDS)
    (home.landing_dir / "card/card0020240522-1.csv").symlink_to(secret)
    result = home.take_in()
    assert [r.file for r in result.taken] == [NAME]
    assert result.unmatched == ("card/card0020240522-1.csv (a symbolic link: refused)",)
    assert result.unread == {}
    assert not any(secret.read_bytes() in content for content in archived(home))


@pytest.mark.parametrize("where", ["card", "card/later"])
def test_a_link_to_a_folder_is_named_and_not_entered(home: Home, where: str) -> None:
    outside = home.root / "outside"
    outside.mkdir()
    (outside / "card0020240523-1.csv").write_text(CARDS)
    (home.landing_dir / where).parent.mkdir(exist_ok=True)
    (home.landing_dir / where).symlink_to(outside)
    result = home.take_in()
    assert result.taken == ()
    assert result.unmatched == (f"{where} (a symbolic link: refused)",)
    assert home.landing.state(f"{where}/card0020240523-1.csv") is None
    with pytest.raises(OSError, match=r"."):
        home.landing.open(f"{where}/card0020240523-1.csv")


def make_pipe(path: Path) -> str:
    os.mkfifo(path)
    return "a named pipe"


def make_socket(path: Path) -> str:
    here = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(path.name)
    finally:
        os.chdir(here)
    return "a socket"


def make_device(path: Path) -> str:
    try:
        os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("only root may make a device")
    return "a device"


@pytest.mark.parametrize("make", [make_pipe, make_socket, make_device])
def test_what_is_no_file_is_named_and_waited_for_by_nobody(home: Home, make: Any) -> None:
    home.deliver("card/card0020240522-1.csv", CARDS)
    kind = make(home.landing_dir / NAME)
    result = home.take_in()
    assert [r.file for r in result.taken] == ["card/card0020240522-1.csv"]
    assert result.unmatched == (f"{NAME} ({kind}: refused)",)
    with pytest.raises(NotAFileError, match=kind):
        home.landing.open(NAME)


@pytest.mark.parametrize("replaced", ["file", "folder"])
def test_a_file_that_becomes_a_link_after_it_was_listed_is_left(home: Home, replaced: str) -> None:
    (listed,) = (home.deliver(NAME, CARDS), *home.landing.list())[1:]
    secret = home.root / "secret"
    secret.mkdir()
    (secret / "card0020240523-1.csv").write_text("secret")
    path = home.landing_dir / NAME
    path.unlink()
    if replaced == "file":
        path.symlink_to(secret / path.name)
    else:
        path.parent.rmdir()
        path.parent.symlink_to(secret)
    landed = Landed(home.landing)
    assert landed.archived(home.archive, listed) is None
    assert landed.unread.keys() == {NAME}
    assert archived(home) == set()


def test_a_file_that_becomes_a_pipe_while_it_is_opened_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.csv").write_text("x")
    plain = os.open

    def swapped(path: Any, *args: Any, **kept: Any) -> int:
        if path == "a.csv":
            (tmp_path / "a.csv").unlink()
            os.mkfifo(tmp_path / "a.csv")
        return plain(path, *args, **kept)

    monkeypatch.setattr(os, "open", swapped)
    with pytest.raises(NotAFileError, match="a named pipe"):
        open_regular(tmp_path, "a.csv")


@pytest.mark.parametrize("key", ["/etc/passwd", "../outside.csv", "card/../../outside.csv"])
def test_no_key_leads_out_of_the_landing_zone(tmp_path: Path, key: str) -> None:
    (tmp_path / "outside.csv").write_text("x")
    landing = LocalLanding(tmp_path / "landing")
    (tmp_path / "landing/card").mkdir(parents=True)
    folder, _, name = key.rpartition("/")
    for ask in (landing.open, landing.state, landing.list, lambda k: landing.list("", k)):
        with pytest.raises(ValueError, match="could leave the landing zone"):
            ask(key)
    with pytest.raises(ValueError, match="could leave the landing zone"):
        landing.list(folder or "/", name)


@pytest.mark.parametrize(
    "changes",
    [{"folder": "/etc"}, {"folder": "card/../.."}, {"pattern": "../*"}, {"pattern": "/etc/*"}],
)
def test_a_specification_cannot_leave_the_landing_zone(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    (key,) = changes
    with pytest.raises(FeedError) as raised:
        load_feeds(write(tmp_path, changed(**changes)))
    assert f"account.yaml: {key}: " in str(raised.value)
    assert "could leave the landing zone" in str(raised.value)


def test_the_landing_zone_itself_may_be_a_link_that_an_operator_set(home: Home) -> None:
    real = home.root / "real"
    home.deliver(NAME, CARDS)
    home.landing_dir.rename(real)
    home.landing_dir.symlink_to(real)
    assert [r.file for r in home.take_in(DAY).taken] == [NAME]
    assert [f.key for f in home.landing.list()] == [NAME]
    assert isinstance(home.landing.state(NAME), LandedFile)
