"""The core-banking database of a simulated bank, in an embedded PostgreSQL server."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from resources.files.opening import open_duckdb
from simulator.engine import quoted, sql
from simulator.postgres_server import PostgresServer, postgres_server

LOADED = "loaded.txt"


class CoreBanking:
    """A running core-banking database, filled up to a day."""

    def __init__(self, server: PostgresServer, transactions: Path) -> None:
        self.server = server
        self._transactions = transactions
        self._until: date | None = None
        self._marker = server.room.folder / LOADED

    @property
    def dsn(self) -> str:
        """Connection parameters without a password: the socket opens to this user alone."""
        return self.server.dsn

    @property
    def url(self) -> str:
        """The same as an address."""
        return self.server.url

    def fill(self, until: date | None, state: str) -> None:
        """Record up to a day, unless the database on disk is in this very state."""
        if self._marker.exists() and self._marker.read_text() == state:
            self._until = until or date.max
            return
        self.server.query("DROP TABLE IF EXISTS transactions")
        self.record(until)
        self._marker.write_text(state)

    def record(self, until: date | None = None) -> None:
        """Record what the bank booked up to and including a day (all for None), in one transaction.

        Rows that come late are among the rows of the day they are recorded on.
        """
        first = self._until is None
        self._marker.unlink(missing_ok=True)
        with TemporaryDirectory(dir=self._transactions.parent.parent) as scratch:
            session = _Psql(self.server, ["BEGIN"] + ([sql("core_banking")] if first else []))
            with session:
                for part in sorted(self._transactions.glob("*.parquet")):
                    rows = Path(scratch) / f"{part.stem}.csv"
                    _export(part, rows, self._until or date.min, until or date.max)
                    session.send(f"\\copy transactions from {quoted(rows)} (format csv)")
                    rows.unlink()
                session.send("COMMIT;")
                if first:
                    session.send(sql("core_banking_indexes"))
        self._until = until or date.max


@contextmanager
def core_banking(
    transactions: Path, home: Path, *, until: date | None = None, keep: bool = False
) -> Iterator[CoreBanking]:
    """Run PostgreSQL under `home` with what the bank recorded up to a day (all for None).

    `transactions` is the folder of Parquet files of a simulated bank. With `keep` the database
    stays on disk, and the next run with the same day starts at once.
    """
    state = f"{transactions.resolve()} {until or 'all'} {_fingerprint(transactions)}\n"
    with postgres_server(home, keep=keep) as server:
        bank = CoreBanking(server, transactions)
        bank.fill(until, state)
        yield bank


def _fingerprint(transactions: Path) -> str:
    files = sorted(transactions.glob("*.parquet"))
    return " ".join(
        f"{file.name}:{file.stat().st_size}:{file.stat().st_mtime_ns}" for file in files
    )


def _export(part: Path, to: Path, since: date, until: date) -> None:
    with open_duckdb() as connection:
        connection.execute(
            f"COPY (SELECT * FROM read_parquet({quoted(part)})"
            f" WHERE recorded_at > DATE '{since}' AND recorded_at <= DATE '{until}')"
            f" TO {quoted(to)} (FORMAT csv, HEADER false)"
        )


class _Psql:
    """A session of psql that runs one command after the other."""

    def __init__(self, server: PostgresServer, commands: list[str]) -> None:
        self._process = subprocess.Popen(  # noqa: S603  (the program of the wheel)
            server.psql(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        self._commands = commands

    def __enter__(self) -> None:
        for command in self._commands:
            self.send(command.rstrip(";\n") + ";")

    def __exit__(self, *_: object) -> None:
        # What was not committed is rolled back when the session ends.
        self._process.kill()
        self._process.communicate()

    def send(self, command: str) -> None:
        """Run a command. Raises RuntimeError when it fails."""
        stdin, stdout, stderr = self._process.stdin, self._process.stdout, self._process.stderr
        if stdin is None or stdout is None or stderr is None:
            raise RuntimeError("psql has no pipes")
        try:
            stdin.write(f"{command}\n\\echo done\n")
            stdin.flush()
            answer = stdout.readline()
        except BrokenPipeError:
            answer = ""
        if answer.strip() != "done":
            raise RuntimeError(f"core banking: {stderr.read().strip()}")
