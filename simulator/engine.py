"""The engine that makes the bank: DuckDB, and the SQL files beside this module."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from resources.files.opening import open_duckdb

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@cache
def sql(name: str) -> str:
    """The text of `sql/<name>.sql`."""
    return (files(__package__) / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def truth_tables() -> list[str]:
    """The names of the tables under `sql/truth`, sorted."""
    folder = files(__package__) / "sql" / "truth"
    return sorted(entry.name.removesuffix(".sql") for entry in folder.iterdir())


def quoted(value: object) -> str:
    """A SQL string literal."""
    return "'" + str(value).replace("'", "''") + "'"


def literal(value: object) -> str:
    """A SQL literal of a number, a text, a date, NULL, or a list or map of these."""
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, list):
        return f"[{', '.join(literal(item) for item in value)}]"
    if isinstance(value, dict):
        return f"MAP {{{', '.join(f'{literal(k)}: {literal(v)}' for k, v in value.items())}}}"
    if value is None:
        return "NULL"
    return quoted(value) if isinstance(value, str) else repr(value)


class Engine:
    """One DuckDB database, with the simulator's variables set."""

    def __init__(self, connection: DuckDBPyConnection) -> None:
        self._connection = connection

    def set(self, **variables: object) -> None:
        """Set values that getvariable() reads."""
        self._connection.execute(
            ";".join(f"SET VARIABLE {name} = ({literal(v)})" for name, v in variables.items())
        )

    def script(self, *names: str) -> None:
        """Run SQL files in order."""
        for name in names:
            self._connection.execute(sql(name))

    def run(self, statement: str) -> None:
        """Run one statement."""
        self._connection.execute(statement)

    def insert(self, table: str, rows: list[list[object]]) -> None:
        """Append a small number of rows."""
        if rows:
            values = ", ".join(f"({', '.join(map(literal, row))})" for row in rows)
            self._connection.execute(f"INSERT INTO {table} VALUES {values}")

    def one(self, query: str) -> Any:
        """The first column of the first row."""
        row = self._connection.execute(query).fetchone()
        return row[0] if row else None

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """All rows of a small answer."""
        return self._connection.execute(query).fetchall()

    def parquet(self, query: str, path: Path) -> None:
        """Write a query's rows in their order."""
        path.parent.mkdir(parents=True, exist_ok=True)
        options = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880"
        self._connection.execute(f"COPY ({query}) TO {quoted(path)} ({options})")

    def text(self, query: str, path: Path) -> None:
        """Write one text column as lines, byte for byte."""
        path.parent.mkdir(parents=True, exist_ok=True)
        # The unit separator occurs in no line, so nothing is ever quoted.
        options = "FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\x1f', NULLSTR ''"
        self._connection.execute(f"COPY ({query}) TO {quoted(path)} ({options})")


@contextmanager
def engine(out: Path, threads: int | None, memory: str) -> Iterator[Engine]:
    """An engine that spills under `out` and leaves nothing there."""
    out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".simulating-", dir=out) as scratch:
        opened = open_duckdb(memory_limit=memory, temp_directory=scratch, threads=threads)
        with opened as connection:
            yield Engine(connection)
