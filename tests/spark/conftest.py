"""One Sail engine for all, and jobs by name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from resources.embedded.sail_engine import SailEngine
from tests.spark.spark_bank import Tables, deliver, rows_of

SCRIPTS = Path(__file__).parents[2] / "spark"

RunJob = Callable[[str, Tables, dt.date], list[dict[str, Any]]]


@pytest.fixture(scope="session")
def sail() -> Iterator[SailEngine]:
    engine = SailEngine()
    yield engine
    engine.close()


@pytest.fixture
def run_job(sail: SailEngine, tmp_path: Path) -> RunJob:
    """Run spark/<name>.py on Sail; give the candidate's rows by client."""

    def run(name: str, tables: Tables, business_date: dt.date) -> list[dict[str, Any]]:
        files = deliver(tables, tmp_path / "in")
        done = sail.run(SCRIPTS / f"{name}.py", files, tmp_path / "out", business_date)
        rows = rows_of(done.files)
        assert done.rows == len(rows)
        return rows

    return run
