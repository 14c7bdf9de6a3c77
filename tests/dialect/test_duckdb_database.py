"""Queries share one database, and nothing of one is seen by another."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from resources.embedded.duckdb_database import Database
from resources.embedded.duckdb_engine import DuckDbEngine
from resources.protocols.sql_engine import SqlError

COUNT = "SELECT sum(id) AS total FROM stage.card"


def _file(folder: Path, number: int) -> str:
    path = folder / f"{number}.parquet"
    pq.write_table(pa.table({"id": pa.array([number] * 1000, pa.int64())}), path)
    return str(path)


def test_many_at_once_read_each_its_own_table(tmp_path: Path) -> None:
    engine = DuckDbEngine(threads=2)
    files = [_file(tmp_path, n) for n in range(40)]

    def total(number: int) -> int:
        return int(engine.one(COUNT, inputs={"stage.card": [files[number]]})["total"])

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(total, range(40))) == [n * 1000 for n in range(40)]


def test_a_table_is_gone_with_its_query(tmp_path: Path) -> None:
    engine = DuckDbEngine()
    engine.one(COUNT, inputs={"stage.card": [_file(tmp_path, 1)]})
    with pytest.raises(SqlError, match=r"stage\.card|card does not exist"):
        engine.one(COUNT)


def test_catalogs_do_not_pile_up(tmp_path: Path) -> None:
    database = Database({})
    engine = DuckDbEngine()
    engine._database = database
    for n in range(3):
        engine.one(COUNT, inputs={"stage.card": [_file(tmp_path, n)]})
        with pytest.raises(SqlError):
            engine.one("SELECT nothing FROM stage.card", inputs={"stage.card": []})
    with database.catalog() as connection:
        found = connection.execute("SELECT database_name FROM duckdb_databases()").fetchall()
    assert len([name for (name,) in found if name.startswith("query_")]) == 1


def test_a_database_that_failed_for_good_is_not_used_again() -> None:
    database = Database({})
    with database.catalog() as broken:
        first = database._root
        # As after a failure that DuckDB takes for fatal: its catalog cannot be given back.
        broken.execute(f"USE memory; DETACH {_name(broken)}")
    with database.catalog() as connection:
        assert connection.execute("SELECT 1").fetchall() == [(1,)]
    assert database._root is not first


def _name(connection: duckdb.DuckDBPyConnection) -> str:
    return str(connection.execute("SELECT current_database()").fetchall()[0][0])
