"""Random expressions of the subset: DuckDB, through the rewrites, answers as a real Trino does."""

from __future__ import annotations

import datetime as dt
import math
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from unittest import mock

import duckdb
import pytest
from sqlglot import exp

from resources.dialect import athena_sql, rewrite
from resources.dialect.athena_sql import to_duckdb
from resources.dialect.lint import lint
from tests.engines.random_queries import queries
from tests.engines.trino_client import Trino, TrinoError

pytestmark = pytest.mark.engines

COUNT = int(os.environ.get("CUSTOMER360_RANDOM_QUERIES", "2000"))
SEED = int(os.environ.get("CUSTOMER360_RANDOM_SEED", "7"))


class Raised:
    """A query failed; how is the engine's own matter."""

    def __init__(self, error: Exception) -> None:
        self.said = str(error)

    def __repr__(self) -> str:
        return f"raises {self.said[:160]!r}"


def by_trino(trino: Trino, asked: Iterable[str]) -> Iterator[object]:
    """Return Trino's answers, some at once."""

    def ask(query: str) -> object:
        try:
            return trino.run(query).column(0)[0].as_py()
        except TrinoError as error:
            return Raised(error)

    with ThreadPoolExecutor(4) as pool:
        yield from pool.map(ask, asked)


def by_duckdb(asked: Iterable[str]) -> Iterator[object]:
    """Return DuckDB's answers."""
    with duckdb.connect() as db:
        db.execute("SET TimeZone = 'UTC'")
        for query in asked:
            try:
                yield db.execute(to_duckdb(query)).fetchall()[0][0]
            except duckdb.Error as error:
                yield Raised(error)


def same(ours: object, theirs: object) -> bool:
    """Return True if two answers are one; of doubles, but for the last digits."""
    if isinstance(ours, Raised):
        return True  # nothing wrong is published by an error
    if isinstance(theirs, Raised):
        # Trino's planner fails at some uses of TRY; an error is seen by whoever writes the SQL.
        return theirs.said.startswith("GENERIC_INTERNAL_ERROR")
    if isinstance(ours, dt.datetime) and not isinstance(theirs, dt.datetime):
        return ours.time() == dt.time() and ours.date() == theirs
    if isinstance(ours, float | Decimal) and isinstance(theirs, float):
        close = math.isclose(float(ours), theirs, rel_tol=1e-12, abs_tol=1e-300)
        return close or (math.isnan(theirs) and math.isnan(float(ours)))
    return ours == theirs


def differing(trino: Trino, asked: list[str]) -> list[str]:
    """Return what the engines disagree on."""
    pairs = zip(asked, by_duckdb(asked), by_trino(trino, asked), strict=True)
    return [
        f"{query}\n  DuckDB {ours!r}, Trino {theirs!r}"
        for query, ours, theirs in pairs
        if not same(ours, theirs)
    ]


@pytest.fixture
def without_a_rewrite(request: pytest.FixtureRequest) -> Iterator[None]:
    """Remove one rule from the dialect."""
    rules = rewrite.rewrites()
    del rules[request.param]
    athena_sql._to_duckdb.cache_clear()
    with mock.patch.object(rewrite, "rewrites", return_value=rules):
        yield
    athena_sql._to_duckdb.cache_clear()


@pytest.mark.parametrize(
    "without_a_rewrite", [exp.Substring, exp.DateDiff, exp.SplitPart], indirect=True
)
@pytest.mark.usefixtures("without_a_rewrite")
def test_a_rewrite_that_is_missing_is_found(trino: Trino) -> None:
    names = ("substr(", "date_diff(", "split_part(")
    asked = [q for q in queries(COUNT, SEED) if any(n in q for n in names) and not lint(q)]
    assert differing(trino, asked[:150]) != []


def test_random_queries_are_answered_alike(trino: Trino) -> None:
    asked = [query for query in queries(COUNT, SEED) if not lint(query)]
    assert len(asked) > COUNT * 0.9
    for answers in (by_duckdb(asked), by_trino(trino, asked)):
        assert sum(isinstance(answer, Raised) for answer in answers) < COUNT * 0.02
    assert differing(trino, asked) == []
