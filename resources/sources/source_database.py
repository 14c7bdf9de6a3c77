"""A PostgreSQL database, read in one snapshot by DuckDB's scanner."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from resources.embedded.duckdb_output import text
from resources.files.opening import open_duckdb

if TYPE_CHECKING:
    import duckdb

CATALOG = "source_db"
PASSWORD_ADVICE = "set CUSTOMER360_SOURCE_DB_PASSWORD or PGPASSWORD"  # noqa: S105  (a name)
# What is asked for unless the address says otherwise: a dead server must not hold a run for ever,
# and dates must not depend on the server's zone.
DEFAULTS = {
    "connect_timeout": "10",
    "tcp_user_timeout": "60000",
    "keepalives_idle": "30",
    "application_name": "customer360",
    "options": "-c TimeZone=UTC",
}
# In the order of the search; the engine's own text may hold values.
KNOWN_FAILURES = (
    ("password authentication failed", f"the password is refused; {PASSWORD_ADVICE}"),
    ("no password supplied", f"it requires a password; {PASSWORD_ADVICE}"),
    ("pg_hba.conf", "it does not accept this user from this host"),
    ("permission denied", "the user may not read the table"),
    ("connection refused", "no server answers there (connection refused)"),
    ("no such file or directory", "no server answers there (no such socket)"),
    ("could not translate host name", "the host is unknown"),
    ("timeout expired", "no answer in time"),
    ("the database system is", "it is starting up or shutting down; run again"),
    ("does not exist", "the database, user or table of the address does not exist"),
    ("server closed the connection", "the connection was lost in the middle"),
    ("terminating connection", "the connection was lost in the middle"),
    ("connection not open", "the connection was lost in the middle"),
    ("no connection to the server", "the connection was lost in the middle"),
    ("could not receive data", "the connection was lost in the middle"),
    ("eof detected", "the connection was lost in the middle"),
)


class SourceError(RuntimeError):
    """The source could not be read; the message holds neither password nor values."""


@dataclass(frozen=True)
class Address:
    """Where a database is: libpq's parameters, without a password."""

    parameters: tuple[tuple[str, str], ...]

    @property
    def conninfo(self) -> str:
        """The parameters as libpq takes them."""
        escaped = {k: v.replace("\\", "\\\\").replace("'", "\\'") for k, v in self.parameters}
        return " ".join(f"{k}='{v}'" for k, v in escaped.items())

    @property
    def shown(self) -> str:
        """Host and database, for people."""
        given = dict(self.parameters)
        return f"{given.get('host', 'the local socket')}/{given.get('dbname', '')}"


def address_of(url: str) -> Address:
    """Read postgresql://user@host:port/database?parameter=value.

    Raises SourceError, which does not repeat the address, when it is none or holds a password.
    """
    wrong = "--source-db: write postgresql://user@host:port/database"
    try:
        parts = urlsplit(url)
        found = {
            "host": unquote(parts.hostname or ""),
            "port": str(parts.port or ""),
            "user": unquote(parts.username or ""),
            "dbname": unquote(parts.path.removeprefix("/")),
        }
        query = dict(parse_qsl(parts.query))
        secret = parts.password is not None
    except ValueError:
        parts = None
    if parts is None or parts.scheme not in ("postgresql", "postgres"):
        raise SourceError(wrong)
    if secret or "password" in query:
        raise SourceError(
            f"--source-db holds a password, which others can read on this machine: "
            f"{PASSWORD_ADVICE}, and leave it out of the address"
        )
    given = {k: v for k, v in found.items() if v} | query
    return Address(tuple((DEFAULTS | given).items()))


class Snapshot:
    """One repeatable-read transaction; all that is read of it is of the same moment."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, address: Address) -> None:
        self._connection, self._address = connection, address

    def types(self, schema: str, table: str) -> dict[str, str]:
        """Return the columns of a table with the engine's types; SourceError if it has none.

        A decimal without precision is shown as DOUBLE: the engine would not read it exactly.
        """
        rows = self.run(
            "SELECT column_name, data_type FROM duckdb_columns()"
            f" WHERE database_name = '{CATALOG}' AND schema_name = ? AND table_name = ?",
            [schema, table],
        ).fetchall()
        if not rows:
            raise SourceError(f"{self._address.shown}: no table {schema}.{table} that can be read")
        return {str(name): str(kind) for name, kind in rows}

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Return the few rows of a query that PostgreSQL itself runs."""
        return self.run(f"FROM postgres_query('{CATALOG}', {text(query)})").fetchall()

    def scan(self, query: str, to: Path, *, note: str = "", whole: bool = False) -> int:
        """Write a query's rows over source_db.<schema>.<table> to Parquet; return their number.

        Its columns and comparisons are sent to PostgreSQL. whole: most of the table is wanted, so
        it is read in parallel by its pages; else PostgreSQL chooses, and may use an index.
        """
        self.run(f"SET pg_use_ctid_scan = {str(whole).lower()}")
        return self.copy(query, to, note)

    def copy(self, query: str, to: Path, note: str = "") -> int:
        """Write the rows of a query to Parquet, with a note in its footer; return their number."""
        noted = f", KV_METADATA {{covers: {text(note)}}}" if note else ""
        done = self.run(f"COPY ({query}) TO {text(str(to))} (FORMAT parquet{noted})").fetchone()
        return int(done[0]) if done else 0

    def run(self, statement: str, values: Sequence[object] = ()) -> duckdb.DuckDBPyConnection:
        """Run a statement of the engine; its failure becomes a SourceError without values."""
        import duckdb

        try:
            return self._connection.execute(statement, list(values) or None)
        except duckdb.Error as error:
            failure = _explanation(error)
        # Out here, so that the engine's error does not travel along as context.
        raise SourceError(f"{self._address.shown}: {failure}")


@contextmanager
def source_snapshot(
    address: Address,
    scratch: Path,
    *,
    password: str | None = None,
    memory: str = "2GB",
    threads: int | None = None,
) -> Iterator[Snapshot]:
    """Open a snapshot of a database, read only. What does not fit in memory goes to `scratch`.

    Without `password`, libpq takes PGPASSWORD or its password file. Raises SourceError.
    """
    import duckdb

    connection = open_duckdb(
        memory_limit=memory,
        # Not the user's own: what they keep there is none of ours.
        secret_directory=str(scratch / "secrets"),
        temp_directory=str(scratch / "spill"),
        threads=threads,
    )
    snapshot = Snapshot(connection, address)
    try:
        snapshot.run(f"LOAD {text(str(_extension(scratch)))}")
        using = ""
        if password:
            snapshot.run(f"CREATE TEMPORARY SECRET core (TYPE postgres, PASSWORD {text(password)})")
            using = ", SECRET core"
        snapshot.run(
            f"ATTACH {text(address.conninfo)} AS {CATALOG} (TYPE postgres, READ_ONLY{using})"
        )
        snapshot.run("BEGIN")
        yield snapshot
    finally:
        # Ended by hand: closed with a transaction open on a dead server, the engine would abort
        # the whole process.
        with suppress(duckdb.Error):
            connection.execute("ROLLBACK")
        connection.close()


def _extension(scratch: Path) -> Path:
    """Return the scanner under the name from which the engine derives its entry point."""
    from importlib.resources import files

    import duckdb

    package = Path(str(files("duckdb_extension_postgres")))
    file = package / "extensions" / f"v{duckdb.__version__}" / "postgres.duckdb_extension"
    if not file.is_file():
        raise SourceError(
            f"no PostgreSQL scanner for DuckDB {duckdb.__version__}: install the package "
            f"duckdb-extension-postgres=={duckdb.__version__}"
        )
    named = scratch / "postgres_scanner.duckdb_extension"
    if not os.path.lexists(named):
        named.symlink_to(file)
    return named


def _explanation(error: Exception) -> str:
    found = str(error).casefold()
    for phrase, message in KNOWN_FAILURES:
        if phrase in found:
            return message
    return f"it failed ({type(error).__name__})"


def identifier(*names: str) -> str:
    """Return a quoted name, its parts joined with dots."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)
