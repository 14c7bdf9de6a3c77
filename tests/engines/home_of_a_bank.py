"""A home of a simulated bank, and the jobs that the product asked for when it was built."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from rich.console import Console

from customer360_assets.cli import demo
from resources.deployment.deployment import deployment
from resources.embedded.duckdb_spark_engine import DuckDbSparkEngine
from resources.protocols.sql_engine import Candidate, Inputs
from resources.wiring.deployed import services_of
from simulator.settings import DefectShares
from simulator.simulate import simulate
from tests.aws.whole.whole_environment import Rows, build, tables

DAYS, ROWS, FILES = 40, 0.006, 0.1
# Late, corrected and bad: some of each, in a bank of this size. Each file is its last version.
DEFECTS = DefectShares(
    unknown_code=ROWS, bad_date=ROWS, repeated_id=ROWS, orphan=ROWS, broken_json=ROWS,
    late_row=ROWS, redelivered=FILES, corrected=FILES, late_delivery=FILES,
)  # fmt: skip


@dataclass(frozen=True)
class Job:
    """What the product asked for, as it asked for it."""

    script: Path
    inputs: Inputs
    date: dt.date


@dataclass(frozen=True)
class Home:
    """The rows of its tables, their metadata files, the last job of each script."""

    lake: Path
    rows: dict[str, Rows]
    metadata: dict[str, str]
    jobs: dict[str, Job]


def home_of_a_bank(folder: Path) -> Home:
    """Build the bank in the local deployment that the process's variables name."""
    target = deployment(folder).model_copy(
        update={"first_business_date": demo.END - (DAYS - 1) * demo.DAY}
    )
    target.save()
    bank = simulate(folder / "bank", customers=60, days=DAYS, end=demo.END, defects=DEFECTS)
    demo._extract(target, bank.landing, Console(quiet=True))
    with recorded() as jobs:
        build(folder, bank.landing, demo.END)
    lake = services_of(target)["lake"]
    metadata = {table: str(lake.load(table).metadata_location) for table in lake.tables()}
    return Home(target.lake_dir, tables(folder), metadata, jobs)


@contextmanager
def recorded() -> Iterator[dict[str, Job]]:
    """Return the last job of each script."""
    run, found = DuckDbSparkEngine.run, dict[str, Job]()

    def kept(
        engine: DuckDbSparkEngine, script: Path, inputs: Inputs, output: Path, date: dt.date,
        *more: Any,
    ) -> Candidate:  # fmt: skip
        found[script.stem] = Job(script, inputs, date)
        return run(engine, script, inputs, output, date, *more)

    with mock.patch.object(DuckDbSparkEngine, "run", kept):
        yield found
