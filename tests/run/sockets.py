"""Which sockets the processes of a command listen on, and whether another user can use them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PROC = Path("/proc")
LISTENING = "0A"
ACCEPTS = 0x10000
NOBODY, STRANGER = 65534, 65533
"""Users that are nobody here. Started by root, the simulated bank's database runs as the first."""
SHUT = {"ConnectionRefusedError", "FileNotFoundError", "PermissionError"}
"""What a user gets who cannot open a socket, or comes when it is gone."""
TRIES = 20
"""A server that is being stopped resets what it has not accepted yet, then refuses."""
# Started as root, so that it finds the interpreter wherever that is, and gives its rights up.
PROBE = """
import os, socket, sys
kind, address, uid = sys.argv[1:]
os.setgroups([]); os.setgid(int(uid)); os.setuid(int(uid))
family = {"tcp": socket.AF_INET, "tcp6": socket.AF_INET6, "unix": socket.AF_UNIX}[kind]
client = socket.socket(family); client.settimeout(5)
name = "\\0" + address[1:] if address.startswith("@") else address
local = {"tcp": "127.0.0.1", "tcp6": "::1"}
try:
    client.connect(name if kind == "unix" else (local[kind], int(address)))
    try:
        client.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
    except BrokenPipeError:
        pass  # A server that answered unasked and closed; its answer is still to be read.
    print("answers", client.recv(64).split(b"\\r\\n")[0].decode("latin-1"))
except OSError as error:
    print(type(error).__name__)
"""


@dataclass
class Seen:
    """What a command's processes listened on: (kind, port or path), and what a user got."""

    code: int = -1
    output: str = ""
    looks: int = 0
    answers: dict[tuple[str, str], str] = field(default_factory=dict)

    def of(self, *kinds: str) -> dict[str, str]:
        """Return the answers by address, for some kinds of socket."""
        return {
            address: answer for (kind, address), answer in self.answers.items() if kind in kinds
        }


def watched(command: Sequence[str], log: Path, user: int = NOBODY) -> Seen:
    """Run a command to its end and look at its processes' sockets all the while."""
    seen = Seen()
    with log.open("w") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, "COLUMNS": "300"}
        )
        while process.poll() is None:
            seen.looks += 1
            for kind, address in listening(_tree(process.pid)):
                if (kind, address) not in seen.answers:
                    seen.answers[kind, address] = asked_by(user, kind, address)
            time.sleep(0.1)
    seen.code, seen.output = process.returncode, log.read_text()
    return seen


def listening(pids: Sequence[int]) -> Iterator[tuple[str, str]]:
    """Return (kind, port or path) of every socket that the processes accept connections on."""
    own = {inode for pid in pids for inode in _inodes(pid)}
    for kind in ("tcp", "tcp6"):
        for line in _lines(PROC / "net" / kind):
            parts = line.split()
            if parts[3] == LISTENING and parts[9] in own:
                yield kind, str(int(parts[1].rpartition(":")[2], 16))
    for line in _lines(PROC / "net" / "unix"):
        parts = line.split(maxsplit=7)
        if int(parts[3], 16) & ACCEPTS and parts[6] in own:
            yield "unix", parts[7] if len(parts) > 7 else ""


def asked_by(user: int, kind: str, address: str) -> str:
    """Return what a user gets who opens the socket; `unasked` when that cannot be tried."""
    if os.getuid() != 0:
        return "unasked"
    for _ in range(TRIES):
        done = subprocess.run(
            [sys.executable, "-S", "-E", "-c", PROBE, kind, address, str(user)],
            capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
        if "ConnectionReset" not in done.stdout:
            break
    return done.stdout.strip()


def _lines(table: Path) -> list[str]:
    return table.read_text().splitlines()[1:] if table.exists() else []


def _inodes(pid: int) -> Iterator[str]:
    folder = PROC / str(pid) / "fd"
    try:
        names = os.listdir(folder)  # noqa: PTH208 (the folder may go while it is read)
    except OSError:
        return
    for name in names:
        try:
            target = os.readlink(folder / name)  # noqa: PTH115
        except OSError:
            continue
        if (found := re.fullmatch(r"socket:\[(\d+)\]", target)) is not None:
            yield found[1]


def _tree(root: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            try:
                status = (entry / "stat").read_text()
            except OSError:
                continue
            parents.setdefault(int(status.rpartition(")")[2].split()[1]), []).append(
                int(entry.name)
            )
    found = [root]
    for pid in found:
        found.extend(parents.get(pid, ()))
    return found
