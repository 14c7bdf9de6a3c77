"""Another user of the machine finds no socket of a command that lets it in."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.run.conftest import COMMAND
from tests.run.deliveries import DAY, good_day
from tests.run.small_bank import SmallBank
from tests.run.sockets import SHUT, STRANGER, Seen, watched

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="sockets are read from /proc")
root_only = pytest.mark.skipif(
    sys.platform != "linux" or os.getuid() != 0, reason="only root can become another user"
)
LISTEN = """
import socket, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Refuses(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_error(401)
if sys.argv[1] == "unix":
    server = socket.socket(socket.AF_UNIX)
    server.bind(sys.argv[2].replace("@", chr(0)))
    server.listen()
    server.settimeout(float(sys.argv[3]))
    connection, _ = server.accept()
    connection.sendall(b"hello")
else:
    server = HTTPServer(("127.0.0.1", 0), Refuses)
    server.timeout = 30
    server.handle_request()
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    root = tmp_path_factory.mktemp("sockets")
    bank = SmallBank(root)
    bank.deliver(good_day())
    command = [*COMMAND, "run", "--home", str(bank.home), "--landing", str(bank.landing)]
    seen = watched([*command, "--business-date", DAY], root / "log")
    assert seen.code == 0, seen.output[-3000:]
    assert bank.rows("SELECT count(*) AS n FROM profile.customer_360") == [{"n": 3}]
    assert seen.looks > 10
    return seen


@pytest.mark.slow
def test_a_run_listens_on_no_tcp_port(ran: Seen) -> None:
    assert ran.of("tcp", "tcp6") == {}


@pytest.mark.slow
@root_only
def test_a_run_has_no_unix_socket_that_another_user_can_open(ran: Seen) -> None:
    assert set(ran.of("unix").values()) <= SHUT


@pytest.mark.slow
@root_only
def test_a_demo_lets_nobody_in(tmp_path: Path) -> None:
    command = [*COMMAND, "demo", "--home", str(tmp_path / "home"), "--customers", "50"]
    seen = watched([*command, "--days", "20"], tmp_path / "log", STRANGER)
    assert seen.code == 0, seen.output[-3000:]
    # The CRM of the simulated bank, which may have been stopped meanwhile, and its database.
    crm = set(seen.of("tcp", "tcp6").values())
    assert "answers HTTP/1.1 401 Unauthorized" in crm
    assert crm <= {"answers HTTP/1.1 401 Unauthorized", *SHUT}
    assert seen.of("unix") != {}
    assert set(seen.of("unix").values()) == {"PermissionError"}


@root_only
def test_an_open_socket_would_be_seen(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "shut").mkdir(mode=0o700)
    asked = {}
    for name, arguments in {
        "tcp": ["tcp"],
        "shut": ["unix", str(tmp_path / "shut" / "s"), "1"],
        "abstract": ["unix", f"@{tmp_path.name}", "30"],
    }.items():
        seen = watched([sys.executable, "-c", LISTEN, *arguments], tmp_path / "log")
        (asked[name],) = seen.answers.values()
    assert asked["shut"] == "PermissionError"
    assert asked["tcp"] == "answers HTTP/1.0 401 Unauthorized"
    assert asked["abstract"] == "answers hello"
