"""What a tree of processes listens on, and what another user of the machine gets from it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

LISTENING = "0A"
ACCEPTING = 0x10000
AS_NOBODY = """
import json, os, socket, sys
os.setgroups([]), os.setgid(65534), os.setuid(65534)
def answer(kind, place):
    with socket.socket(socket.AF_INET if kind == "tcp" else socket.AF_UNIX) as s:
        s.settimeout(60)
        try:
            s.connect(("127.0.0.1", place) if kind == "tcp" else place)
            if kind == "unix":
                return "connected"
            request = f"GET /server_info HTTP/1.1\\r\\nHost: 127.0.0.1:{place}\\r\\n\\r\\n"
            s.sendall(request.encode())
            return s.recv(4096).split(b"\\r\\n")[0].decode()
        except OSError as error:
            return type(error).__name__
print(json.dumps([answer(*listening) for listening in json.load(sys.stdin)]))
"""

Listening = tuple[str, int | str]


def tree(root: int) -> set[int]:
    """Return a process and all that descend from it."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(status.parent.name)] = int(status.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    found = {root}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def listening(processes: set[int]) -> set[Listening]:
    """Return the TCP ports and the names of the Unix sockets that processes listen on."""
    sockets = set()
    for process in processes:
        for link in Path(f"/proc/{process}/fd").iterdir():
            sockets.add(str(link.readlink()) if link.is_symlink() else "")
    found: set[Listening] = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENING and f"socket:[{fields[9]}]" in sockets:
                found.add(("tcp", int(fields[1].rpartition(":")[2], 16)))
    for line in Path("/proc/net/unix").read_text().splitlines()[1:]:
        fields = line.split()
        if int(fields[3], 16) & ACCEPTING and f"socket:[{fields[6]}]" in sockets:
            # An abstract name starts with @ and has no permissions.
            name = fields[7].replace("@", "\0", 1) if len(fields) > 7 else ""
            found.add(("unix", name))
    return found


def as_nobody(sockets: list[Listening]) -> list[str]:
    """Return what the user `nobody` gets from each: from a process that has forked nothing."""
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY],
        input=json.dumps(sockets),
        capture_output=True,
        text=True,
        check=True,
    )
    answers: list[str] = json.loads(done.stdout)
    return answers
