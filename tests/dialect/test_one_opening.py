"""Every engine is opened in one place, which gives it a memory limit."""

from __future__ import annotations

import ast
from pathlib import Path

import duckdb
import pytest

from customer360_assets.deliveries.parsing.engines import Engines
from resources.files.opening import default_memory, open_duckdb

ROOT = Path(__file__).parents[2]
OPENING = ROOT / "resources/files/opening.py"
OF_THE_PROCESS = {"sql", "query", "execute", "from_query", "read_csv", "read_json", "read_parquet"}
"""Functions of the module that run in a database of the process, which nobody has opened."""


def opened(path: Path) -> list[str]:
    """Return where a module opens DuckDB by itself, or takes that of the process."""
    names = {"connect", "default_connection", *OF_THE_PROCESS}
    return [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "duckdb"
        and node.attr in names
    ]


def test_duckdb_is_opened_in_one_place() -> None:
    files = [f for room in ("customer360_assets", "resources") for f in (ROOT / room).rglob("*.py")]
    assert opened(OPENING)
    assert [place for file in files if file != OPENING for place in opened(file)] == []


def limit(db: duckdb.DuckDBPyConnection) -> str:
    return str((db.execute("SELECT current_setting('memory_limit')").fetchone() or [""])[0])


def test_an_engine_has_the_limit_it_was_given_and_else_the_default() -> None:
    with open_duckdb(memory_limit="2097152B") as small, open_duckdb() as usual:
        assert limit(small) == "2.0 MiB"
        with open_duckdb(memory_limit=default_memory()) as same:
            assert limit(usual) == limit(same)


def test_a_query_beyond_the_limit_fails_alone() -> None:
    with open_duckdb(memory_limit="32MB", threads=1) as db:
        with pytest.raises(duckdb.OutOfMemoryException):
            db.execute("SELECT len(list(x)) FROM range(10000000) AS t (x)")
        assert db.execute("SELECT 1").fetchone() == (1,)


def test_engines_that_work_at_once_share_the_memory(tmp_path: Path) -> None:
    limits = []
    for tasks in (1, 2):
        with Engines(tmp_path / str(tasks), 2, tasks) as engines, engines.one(small=True) as db:
            limits.append(float(limit(db).split()[0]))
    assert limits[1] == pytest.approx(limits[0] / 2, rel=0.1)
