"""DuckDB gives Trino's answer for everything that the subset of Athena SQL holds."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from resources.dialect.athena_sql import to_duckdb
from resources.dialect.lint import lint, written_functions
from resources.dialect.subset import FUNCTIONS
from tests.dialect.conformance import CASES, ERROR
from tests.dialect.joda import difference
from tests.engines.trino_client import Trino, TrinoError

SQL = sorted((Path(__file__).parents[2] / "sql").rglob("*.sql"))
Ask = Callable[[str], object]
COVERED = {name for case, _ in CASES for name, _ in written_functions(case)}


@pytest.fixture(scope="module")
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


@pytest.fixture(scope="module", params=["duckdb", pytest.param("trino", marks=pytest.mark.engines)])
def ask(request: pytest.FixtureRequest, db: duckdb.DuckDBPyConnection) -> Ask:
    """Return what answers a query of one value: DuckDB by the rewrites, and a real Trino."""
    if request.param == "duckdb":
        return lambda query: db.execute(to_duckdb(query)).fetchall()[0][0]
    server: Trino = request.getfixturevalue("trino")
    return lambda query: server.run(query).column(0)[0].as_py()


@pytest.mark.parametrize(("case", "trinos"), CASES, ids=[case for case, _ in CASES])
def test_answer_is_trinos(ask: Ask, case: str, trinos: object) -> None:
    query = case if case.startswith("SELECT") else f"SELECT {case}"
    if trinos is ERROR:
        with pytest.raises((duckdb.Error, TrinoError)):
            ask(query)
        return
    found = ask(query)
    if isinstance(found, dt.datetime) and not isinstance(trinos, dt.datetime):
        assert found.time() == dt.time()  # DuckDB widens a date; the contract's cast narrows it
        found = found.date()
    assert found == (pytest.approx(trinos) if isinstance(trinos, float) else trinos)


@pytest.mark.parametrize("case", [case for case, _ in CASES])
def test_no_case_uses_a_function_outside_the_subset(case: str) -> None:
    assert [p for p in lint(case) if p.rule == "function"] == []


def test_every_function_of_the_subset_has_a_case() -> None:
    assert sorted(FUNCTIONS - COVERED) == []


@pytest.mark.parametrize("path", SQL, ids=lambda p: p.stem)
def test_every_function_that_a_file_uses_has_a_case(path: Path) -> None:
    used = {name for name, _ in written_functions(path.read_text(encoding="utf-8"))}
    assert sorted(used - COVERED) == []


@pytest.mark.parametrize("path", SQL, ids=lambda p: p.stem)
def test_file_keeps_to_the_subset(path: Path) -> None:
    assert [str(problem) for problem in lint(path.read_text(encoding="utf-8"))] == []


def test_date_diff_counts_as_trino_does(db: duckdb.DuckDBPyConnection) -> None:
    rng, start = random.Random(7), dt.date(1999, 12, 25)  # noqa: S311 (dates, not secrets)
    pairs = []
    for _ in range(4000):
        first = start + dt.timedelta(days=rng.randrange(2000))
        pairs.append((first, first + dt.timedelta(days=rng.randrange(-900, 900))))
    db.execute("CREATE OR REPLACE TEMP TABLE pairs (a DATE, b DATE)")
    db.executemany("INSERT INTO pairs VALUES (?, ?)", pairs)
    for unit in ("month", "quarter", "year", "week", "day"):
        sql = to_duckdb(f"SELECT a, b, date_diff('{unit}', a, b) FROM pairs")
        wrong = [(a, b, n) for a, b, n in db.execute(sql).fetchall() if n != difference(unit, a, b)]
        assert wrong == []
