"""A small lake and the candidates that the tests publish to it."""

import multiprocessing
from collections.abc import Callable
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from resources.iceberg.local_lake import LocalLake
from tests.lake.lake_writers import SCHEMA, TABLE, Candidate


@pytest.fixture
def lake(tmp_path: Path) -> LocalLake:
    # The odd characters are part of the test: a home may have any name.
    home = tmp_path / "a home #1, 100% mine"
    lake = LocalLake(f"sqlite:///{home}/catalog.db?timeout=60", home / "lake")
    lake.ensure(TABLE, SCHEMA, ("business_date",), "One row per card issued.")
    return lake


@pytest.fixture
def candidate(lake: LocalLake) -> Candidate:
    return Candidate(lake)


@pytest.fixture(scope="session")
def processes() -> ForkServerContext:
    """Start processes in milliseconds: the fork server has imported what they need."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        [
            "tests.lake.lake_writers",
            "pyiceberg.catalog.sql",
            "pyiceberg.io.pyarrow",
            "pyarrow.parquet",
        ]
    )
    return context


@pytest.fixture
def rows(lake: LocalLake) -> Callable[..., list[tuple[object, ...]]]:
    """Runs "SELECT … FROM t" over published files."""
    import duckdb

    def run(select: str, **choice: object) -> list[tuple[object, ...]]:
        files = lake.files(TABLE, **choice) or [lake.empty_file(TABLE)]
        with duckdb.connect() as connection:
            connection.read_parquet(files, union_by_name=True).create_view("t")
            return connection.execute(select).fetchall()

    return run
