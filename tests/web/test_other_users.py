"""What another user of the machine gets from a running `customer360 ui`: nothing."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from resources.deployment.deployment import Deployment
from tests.browser.session import Ui, serve
from tests.web.listening import as_nobody, listening, tree

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        os.geteuid() != 0 or not Path("/proc/net/unix").exists(),
        reason="only root of a Linux can become another user",
    ),
]
REFUSED = {"PermissionError", "ConnectionRefusedError", "FileNotFoundError"}


@pytest.fixture(scope="module")
def open_home() -> Iterator[Path]:
    """A home that everybody can enter: it does not protect what lies in it."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="open-") as folder:
        Path(folder).chmod(0o755)
        home = Path(folder) / "home"
        Deployment(home=home).save()
        home.chmod(0o755)
        yield home


@pytest.fixture(scope="module")
def ui(open_home: Path) -> Iterator[Ui]:
    """The UI as a user starts it whose umask lets everybody do everything."""
    before = os.umask(0)
    try:
        with serve(open_home) as served:
            yield served
    finally:
        os.umask(before)


def test_every_socket_refuses_nobody(ui: Ui) -> None:
    found = sorted(listening(tree(ui.process.pid)), key=str)
    # The webserver's port, and the code servers of webserver and daemon.
    assert [kind for kind, _ in found].count("tcp") == 1
    assert [kind for kind, _ in found].count("unix") == 2
    for (kind, place), answer in zip(found, as_nobody(found), strict=True):
        if kind == "tcp":
            assert answer == "HTTP/1.1 401 Unauthorized"
        else:
            assert answer in REFUSED, place


def test_the_probe_sees_an_open_socket(open_home: Path) -> None:
    with socket.socket(socket.AF_UNIX) as opened, socket.create_server(("127.0.0.1", 0)) as port:
        name = open_home.parent / "open.sock"
        opened.bind(str(name))
        name.chmod(0o777)
        opened.listen()
        found = listening({os.getpid()})
        assert {("unix", str(name)), ("tcp", port.getsockname()[1])} <= found
        assert as_nobody([("unix", str(name))]) == ["connected"]


def test_nothing_that_others_can_read_holds_the_token(ui: Ui, open_home: Path) -> None:
    assert httpx.get(f"{ui.address}/?token={ui.token}", timeout=60).status_code == 303
    written = [path for path in open_home.rglob("*") if path.is_file()]
    assert open_home / "ui.log" in written
    for path in written:
        assert ui.token.encode() not in path.read_bytes(), path
    webserver = []
    for process in tree(ui.process.pid) - {ui.process.pid}:
        proc = Path(f"/proc/{process}")
        command = (proc / "cmdline").read_bytes()
        assert ui.token.encode() not in command
        if ui.token.encode() in (proc / "environ").read_bytes():
            webserver.append(command)
    # What its user alone can read, of the one process that asks for it.
    assert len(webserver) == 1
    assert b"customer360_assets.web.serve" in webserver[0]
