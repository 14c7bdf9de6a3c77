"""Candidates, and the writers that tests run in processes of their own."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path

from pyiceberg.schema import Schema
from pyiceberg.types import DateType, DecimalType, LongType, NestedField, StringType

from resources.iceberg.local_lake import LocalLake
from resources.protocols.lake import Partitions

TABLE = "stage.card"
SCHEMA = Schema(
    NestedField(7, "business_date", DateType(), required=True, doc="Day of the delivery."),
    NestedField(3, "card_token", StringType(), required=True, doc="Token of the card."),
    NestedField(5, "generation", LongType(), required=False, doc="Which candidate it is from."),
    NestedField(9, "amount", DecimalType(18, 2), required=False, doc="Amount (EUR)."),
)
TYPES = "business_date DATE, card_token VARCHAR, generation BIGINT, amount DECIMAL(18, 2)"


def DAY(number: int) -> date:  # noqa: N802 - reads as the constant that it stands for
    return date(2024, 1, 1) + timedelta(days=number)


@dataclass(frozen=True)
class Candidate:
    """Writes candidates as engines do: no field ids, optional columns."""

    lake: LocalLake

    def __call__(self, days: Iterable[int], rows: int = 3, generation: int = 0) -> list[str]:
        """One file a day, of so many rows."""
        return [self._write(DAY(number), rows, generation) for number in days]

    def _write(self, day: date, rows: int, generation: int) -> str:
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = self.lake.candidate_dir(TABLE, "test") / "part.parquet"
        columns = {
            "business_date": pa.array([day] * rows, pa.date32()),
            "card_token": pa.array([f"token{n}" for n in range(rows)], pa.string()),
            "generation": pa.array([generation] * rows, pa.int64()),
            "amount": pa.array([Decimal(n) / 100 for n in range(rows)], pa.decimal128(18, 2)),
        }
        pq.write_table(pa.table(columns), path)
        return str(path)

    def select(self, query: str, table: str = TABLE, types: str = TYPES) -> str:
        """One file, written by DuckDB, of what the query gives in the columns and types listed."""
        import duckdb

        path = self.lake.candidate_dir(table, "test") / "part.parquet"
        with duckdb.connect() as connection:
            connection.execute(f"CREATE TABLE t ({types})")
            connection.execute(f"INSERT INTO t {query}")
            connection.table("t").write_parquet(str(path), compression="zstd")
        return str(path)


def ensure_together(uri: str, warehouse: Path, barrier: Barrier) -> None:
    """Make table and catalog at the same moment as another process."""
    lake = LocalLake(uri, warehouse)
    barrier.wait()
    lake.ensure(TABLE, SCHEMA, ("business_date",), "")


def publish_for_ever(uri: str, warehouse: Path, days: list[int], ready: Connection) -> None:
    """Replace the days by two files each, again and again; print each published generation."""
    lake = LocalLake(uri, warehouse)
    candidate = Candidate(lake)
    for generation in count(1):
        files = candidate([*days, *days], rows=5, generation=generation)
        lake.publish(TABLE, files, Partitions.on(*map(DAY, days)), {"run_id": f"g{generation}"})
        ready.send(generation)


def publish_each(
    uri: str, warehouse: Path, days: list[int], shared: int, name: str, together: Barrier
) -> None:
    """Publish own days one by one, and after each the day that the other process writes too.

    Each publication starts at the same moment as one of the other process.
    """
    lake = LocalLake(uri, warehouse)
    candidate = Candidate(lake)
    todo = [
        (target, number, candidate([target], generation=number))
        for number in days
        for target in (number, shared)
    ]
    lake.publish(TABLE, [], Partitions.on(DAY(shared)), {})  # Imports and opens what it needs.
    for target, number, files in todo:
        together.wait()
        lake.publish(TABLE, files, Partitions.on(DAY(target)), {"run_id": f"{name}-{number}"})
