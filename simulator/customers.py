"""The CRM's customers, read a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from resources.files.opening import open_duckdb
from simulator.engine import sql

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True)
class Page:
    """Customers as a JSON list, and how many customers there are on all pages."""

    customers: str
    total: int


class Customers:
    """The customers whom CRM knew at the end of a day; the newest day when it is None."""

    def __init__(self, file: Path, as_of: date | None) -> None:
        self._connection: DuckDBPyConnection = open_duckdb(threads=1)
        self._file = str(file)
        self._as_of = as_of or self._newest()
        # Ids rise with the day of joining, so those known on a day come first.
        self.total = self._count(self._as_of)

    def page(self, number: int, size: int) -> Page:
        """The customers of a page counted from 1."""
        first = (number - 1) * size
        row = (
            self._connection.cursor()
            .execute(
                sql("customer_page"),
                [self._as_of, self._file, first, min(first + size, self.total)],
            )
            .fetchone()
        )
        return Page(customers=row[0] if row and row[0] else "[]", total=self.total)

    def _count(self, day: date) -> int:
        row = self._connection.execute(
            "SELECT count(*) FROM read_parquet(?) WHERE client_created_date < ?::TIMESTAMP",
            [self._file, day + timedelta(days=1)],
        ).fetchone()
        return int(row[0]) if row else 0

    def _newest(self) -> date:
        row = self._connection.execute(
            "SELECT max(client_created_date)::DATE FROM read_parquet(?)", [self._file]
        ).fetchone()
        if row is None or row[0] is None:
            raise ValueError("the CRM has no customers")
        return date.fromisoformat(str(row[0]))
