"""What an SQL engine does for the platform: it runs Athena SQL over files and writes candidates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, Self

from resources.protocols.errors import ExplainedError

if TYPE_CHECKING:
    import pyarrow as pa

Inputs = Mapping[str, Sequence[str]]
NO_INPUTS: Inputs = MappingProxyType({})


class SqlError(ExplainedError):
    """A query failed; the text says where and why and holds no value of the data."""


class SqlTimeoutError(SqlError):
    """A query was stopped: it ran longer than allowed, or was cancelled."""


@dataclass(frozen=True)
class Part:
    """One file of a candidate: the values of the columns that it was parted by, as text."""

    values: tuple[str, ...]
    file: str
    rows: int


@dataclass(frozen=True)
class Candidate:
    """What a query wrote and nobody reads yet: files in order of name, their rows, the seconds.

    parts: what each file holds, when the rows were parted.
    """

    files: tuple[str, ...]
    rows: int
    seconds: float
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Query:
    """A query of a single row, with what fills its `?` and the files of its tables."""

    sql: str
    params: Sequence[object] = ()
    inputs: Inputs = field(default_factory=dict)


class SqlSession(Protocol):
    """Queries over fixed tables that can read nothing else and change nothing."""

    def __enter__(self) -> Self:
        """Return the session."""
        ...

    def __exit__(self, *_failure: object) -> None:
        """Close the session."""
        ...

    def query(self, sql: str) -> pa.Table:
        """Return the rows of one Athena SELECT."""
        ...

    def explain(self, sql: str) -> str:
        """Return the engine's plan of one Athena SELECT."""
        ...


class SqlEngine(Protocol):
    """Runs Athena SQL; `inputs` names each table's Parquet files, `params` fill the `?` in order.

    Every method raises SqlError, and ValueError for SQL that does not parse. bytes_at_once: what
    one query should read of a table that can be taken date by date; None where all of it at once
    is as well.
    """

    bytes_at_once: int | None

    def run(
        self,
        sql: str,
        params: Sequence[object],
        inputs: Inputs,
        output: Path,
        columns: Sequence[tuple[str, str]],
        partition_by: Sequence[str] = (),
        order_by: Sequence[str] = (),
        where: str | None = None,
    ) -> Candidate:
        """Write the query's rows to Parquet files in the new or empty folder `output`.

        Exactly `columns`, (name, type), in order and cast without loss; `where` is an Athena
        condition on the query's rows; `partition_by` gives one folder per value, also of a
        column that is not among `columns` and so is not written.
        """
        ...

    def query(
        self, sql: str, params: Sequence[object] = (), inputs: Inputs = NO_INPUTS
    ) -> pa.Table:
        """Return a small result."""
        ...

    def one(
        self, sql: str, params: Sequence[object] = (), inputs: Inputs = NO_INPUTS
    ) -> dict[str, Any]:
        """Return the single row of a query by column name; SqlError for another number of rows."""
        ...

    def rows(self, queries: Mapping[str, Query]) -> dict[str, dict[str, Any]]:
        """Return the single row of each query, concurrently where the engine can."""
        ...

    def session(self, inputs: Inputs) -> SqlSession:
        """Open a read-only session over the tables."""
        ...

    def cancel(self) -> None:
        """Stop every query that runs now; each raises SqlTimeoutError."""
        ...
