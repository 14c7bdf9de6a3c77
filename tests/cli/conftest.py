"""A small home that the commands look at, made without a run."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from customer360_assets.contracts import contract
from customer360_assets.contracts.arrow import arrow_schema
from customer360_assets.publishing.lake_tables import ensure
from customer360_assets.publishing.platform import Platform
from resources.deployment.deployment import Deployment
from resources.protocols.lake_types import Partitions
from resources.wiring.deployed import services_of

DAYS = (dt.date(2024, 5, 22), dt.date(2024, 5, 23))


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str


def customer360(*arguments: str | Path, encoding: str = "utf-8", **settings: str) -> Ran:
    """Run the command as a user does, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "customer360_assets.cli.main", *map(str, arguments)],
        capture_output=True,
        check=False,
        timeout=300,
        env={**os.environ, "PYTHONIOENCODING": encoding, **settings},
    )
    return Ran(done.returncode, done.stdout.decode(encoding), done.stderr.decode(encoding))


def publish(target: Deployment, table: str, rows: list[Mapping[str, Any]]) -> None:
    """Publish rows of a table, nulls for the columns that they do not name."""
    platform, of = Platform(**services_of(target)), contract(table)
    ensure(platform, of)
    schema = arrow_schema(of)
    files = []
    for day in sorted({row["business_date"] for row in rows}):
        of_day = [row for row in rows if row["business_date"] == day]
        columns = [[row.get(name) for row in of_day] for name in schema.names]
        file = platform.lake.candidate_dir(table, "test") / "part.parquet"
        arrays = [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)]
        pq.write_table(pa.table(arrays, schema=schema), file)
        files.append(str(file))
    platform.lake.publish(table, files, Partitions.everything(), {"run_id": "test"})


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A snapshot table and a delta, each of two business dates."""
    target = Deployment(home=tmp_path_factory.mktemp("cli") / "home")
    target.save()
    ages = [(DAYS[0], 1, 30), (DAYS[1], 1, 31), (DAYS[1], 2, 52)]
    publish(
        target,
        "stage.customer",
        [{"business_date": day, "client_id": one, "age": age} for day, one, age in ages],
    )
    publish(
        target,
        "stage.transaction",
        [{"business_date": day, "trans_id": n, "type": "credit"} for n, day in enumerate(DAYS)],
    )
    return target.home
