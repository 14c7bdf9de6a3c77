"""One engine for all, and jobs by name."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from resources.embedded.duckdb_spark_engine import DuckDbSparkEngine
from tests.spark.spark_bank import Tables, deliver, rows_of

SCRIPTS = Path(__file__).parents[2] / "spark"


def script_of(name: str, folder: Path) -> Path:
    """Return a job script: one of ours, or one of these tests, with the helpers beside it."""
    if (ours := SCRIPTS / f"{name}.py").exists():
        return ours
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(SCRIPTS / "job.py", folder)
    return Path(shutil.copy(Path(__file__).with_name(f"{name}.py"), folder))


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
