"""One engine for all, and jobs by name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from resources.embedded.duckdb_spark_engine import DuckDbSparkEngine
from tests.spark.spark_bank import Tables, deliver, rows_of

SCRIPTS = Path(__file__).parents[2] / "spark"

RunJob = Callable[[str, Tables, dt.date], list[dict[str, Any]]]


@pytest.fixture(scope="session")
def engine() -> Iterator[DuckDbSparkEngine]:
    engine = DuckDbSparkEngine()
    yield engine
    engine.close()


@pytest.fixture
def run_job(engine: DuckDbSparkEngine, tmp_path: Path) -> RunJob:
    """Run spark/<name>.py; give the candidate's rows by client."""

    def run(name: str, tables: Tables, business_date: dt.date) -> list[dict[str, Any]]:
        files = deliver(tables, tmp_path / "in")
        done = engine.run(SCRIPTS / f"{name}.py", files, tmp_path / "out", business_date)
        rows = rows_of(done.files)
        assert done.rows == len(rows)
        return rows

    return run
