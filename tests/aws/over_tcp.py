"""The simulated core banking as a JDBC driver reaches it: by TCP, with a password."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from simulator.core_banking import CoreBanking

READER = {"username": "reader", "password": "secret"}


def let_read(core: CoreBanking) -> None:
    """Create a user who may read, and whom the server asks for the password."""
    access = core.server.room.data / "pg_hba.conf"
    rule = f"local all {READER['username']} scram-sha-256\n"
    access.write_text(rule + access.read_text(encoding="utf-8"), encoding="utf-8")
    core.server.query("SELECT pg_reload_conf()")
    core.server.query(f"CREATE ROLE reader LOGIN PASSWORD '{READER['password']}'")
    core.server.query("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")


@contextmanager
def over_tcp(core: CoreBanking) -> Iterator[str]:
    """Return the server's JDBC address while it is reached by TCP: drivers know no Unix socket."""
    unix_socket = core.server.room.folder / ".s.PGSQL.5432"
    listener = socket.create_server(("127.0.0.1", 0))
    accepting = threading.Thread(target=_accept, args=(listener, unix_socket), daemon=True)
    accepting.start()
    try:
        yield f"jdbc:postgresql://127.0.0.1:{listener.getsockname()[1]}/bank"
    finally:
        listener.close()


def _accept(listener: socket.socket, unix_socket: Path) -> None:
    with suppress(OSError):
        while True:
            near, _ = listener.accept()
            far = socket.socket(socket.AF_UNIX)
            far.connect(str(unix_socket))
            for pair in ((near, far), (far, near)):
                threading.Thread(target=_pump, args=pair, daemon=True).start()


def _pump(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)
