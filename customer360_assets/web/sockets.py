"""What the processes of the UI listen on: a port behind the guard, and sockets of this user."""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path

LONGEST = 107 - 12
"""Bytes of a folder's name: the kernel takes 107 for a socket, whose own name is `/tmpXXXXXXXX`."""


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens: from here on nobody else can take the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host.strip("[]"), port), family=family, backlog=2048)


def private_folder(wanted: Path) -> Path:
    """Return a folder that this user alone can enter, for sockets that ask for no login.

    It is the one wanted, or a new one of the system's where that name is too long for a socket.
    It stays: a run may outlive the UI that started it, and has its temporary files here.
    """
    if len(os.fsencode(wanted.absolute())) > LONGEST:
        return Path(tempfile.mkdtemp(prefix="customer360-"))
    wanted.mkdir(parents=True, exist_ok=True)
    wanted.chmod(0o700)
    return wanted.absolute()
