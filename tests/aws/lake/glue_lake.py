"""A lake on the emulated account as the tests of the local lake see it, and its writers."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resources.account.aws_names import AwsNames
from resources.iceberg.candidate_tables import PART, CandidateTable
from resources.iceberg.glue_lake import GlueLake
from resources.protocols.lake import Partitions
from tests.lake.lake_writers import DAY, SCHEMA, TABLE, Candidate

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA_NAMES = ["business_date", "card_token", "generation", "amount"]
Rows = Callable[..., list[tuple[object, ...]]]


@dataclass(frozen=True)
class Listed(GlueLake):
    """A Glue lake that names published files by their local twins, as tests write them."""

    def files(self, *args: Any, **choice: Any) -> list[str]:
        return [
            str(self.mirror.path(file)) if file.startswith("s3://") else file
            for file in super().files(*args, **choice)
        ]


def read(lake: GlueLake, table: str, select: str, **choice: Any) -> list[tuple[object, ...]]:
    """Run "SELECT … FROM t" over what a worker that has nothing of its own finds on S3."""
    import duckdb
    import pyarrow as pa
    import pyarrow.parquet as pq

    fresh = GlueLake(lake.names, Path("/nonexistent"))
    files = GlueLake.files(fresh, table, **choice) or [fresh.empty_file(table)]
    io = fresh.load(table).io
    tables = []
    for file in files:
        with io.new_input(file).open() as opened:
            tables.append(pq.read_table(opened))
    t = pa.concat_tables(tables, promote_options="default")
    with duckdb.connect() as connection:
        connection.register("t", t)
        return connection.execute(select).fetchall()


def publish_each(
    variables: dict[str, str],
    names: AwsNames,
    home: Path,
    days: list[int],
    shared: int,
    name: str,
    together: Barrier,
) -> None:
    """Publish own days one by one, and after each the day that the other process writes too.

    Each publication starts at the same moment as one of the other process.
    """
    os.environ.update(variables)
    lake = GlueLake(names, home)
    candidate = Candidate(lake)
    for number in days:
        for target in (number, shared):
            files = candidate([target], generation=number)
            together.wait()
            lake.publish(TABLE, files, Partitions.on(DAY(target)), {"run_id": f"{name}-{number}"})


def publish_for_ever(
    variables: dict[str, str], names: AwsNames, home: Path, days: list[int], ready: Connection
) -> None:
    """Replace the days by two files each, again and again; print each published generation."""
    os.environ.update(variables)
    lake = GlueLake(names, home)
    candidate = Candidate(lake)
    generation = 0
    while True:
        generation += 1
        files = candidate([*days, *days], rows=5, generation=generation)
        lake.publish(TABLE, files, Partitions.on(*map(DAY, days)), {"run_id": f"g{generation}"})
        ready.send(generation)


def evolved(names: AwsNames, home: Path) -> GlueLake:
    """Return a lake with a table whose field ids are not positions."""
    lake = GlueLake(names, home)
    lake.ensure(TABLE, SCHEMA, ("business_date",), "")
    from pyiceberg.schema import Schema
    from pyiceberg.types import NestedField, StringType

    day, _, *rest = SCHEMA.fields
    lake.ensure(TABLE, Schema(day, *rest))
    lake.ensure(TABLE, Schema(day, NestedField(4, "card_token", StringType()), *rest))
    return lake


def rows(*days: int, part: str | None, generation: int = 1) -> pa.Table:
    """One row a day, as a query's result has them."""
    import pyarrow as pa

    n = len(days)
    return pa.table(
        {
            "business_date": pa.array([DAY(d) for d in days], pa.date32()),
            "card_token": pa.array([f"token{d}" for d in days], pa.string()),
            "generation": pa.array([generation] * n, pa.int64()),
            "amount": pa.array([Decimal(d) for d in days], pa.decimal128(18, 2)),
            PART: pa.array([part] * n, pa.string()),
        }
    )


def insert(lake: GlueLake, candidate: CandidateTable, table: pa.Table) -> None:
    """Simulate Athena's INSERT: an Iceberg writer of its own commits to the table in Glue."""
    lake.catalog.load_table(candidate.name).append(table)
