"""Queries of a user over tables of the lake in Athena."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol, Self

from resources.dialect.athena_sql import parse
from resources.protocols.sql_engine import Inputs, SqlError

if TYPE_CHECKING:
    import pyarrow as pa


class ReadingEngine(Protocol):
    """The part of the engine that a session asks."""

    def query(self, sql: str, params: Sequence[object], inputs: Inputs) -> pa.Table:
        """Return the rows of a query."""
        ...

    def explain(self, sql: str, inputs: Inputs) -> str:
        """Return the plan of a query that is not run."""
        ...


class AthenaSession:
    """Reads the given tables and nothing else; implements `sql_engine.SqlSession`."""

    def __init__(self, engine: ReadingEngine, inputs: Inputs) -> None:
        self._engine, self._inputs = engine, inputs
        self._open = ExitStack()

    def __enter__(self) -> Self:
        """Return the session."""
        return self

    def __exit__(self, *_failure: object) -> None:
        """Close the session."""
        self._open.close()

    def query(self, sql: str) -> pa.Table:
        """Return the rows of one Athena SELECT; SqlError for any other statement."""
        return self._engine.query(_selected(sql), (), self._inputs)

    def explain(self, sql: str) -> str:
        """Return Athena's plan of one SELECT without running it."""
        return self._engine.explain(_selected(sql), self._inputs)


def _selected(sql: str) -> str:
    from sqlglot import exp

    if not isinstance(parse(sql), exp.Query):
        raise SqlError("only SELECT is allowed here")
    return sql
