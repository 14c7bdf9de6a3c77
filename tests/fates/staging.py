"""One stage table over raw rows of a local lake: what becomes of each row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

from customer360_assets.contracts import contract
from customer360_assets.contracts.arrow import arrow_schema
from customer360_assets.contracts.audit import iceberg_schema
from customer360_assets.fates.moved import NEWER
from customer360_assets.fates.rows import Fates, split
from customer360_assets.publishing.platform import Platform
from customer360_assets.tables.partitions import Span
from customer360_assets.tables.transformations import transformation
from resources.embedded.duckdb_engine import DuckDbEngine
from resources.iceberg.local_lake import LocalLake
from resources.protocols.lake_types import Partitions

DAY = dt.date(2024, 5, 23)
Row = dict[str, Any]


@dataclass(frozen=True)
class Staging:
    """A lake with one raw table, and the stage table of the same feed."""

    lake: LocalLake
    stage: str

    @classmethod
    def of(cls, stage: str, folder: Path) -> Staging:
        return cls(LocalLake(f"sqlite:///{folder}/catalog.db?timeout=60", folder / "lake"), stage)

    def run(
        self,
        rows: Sequence[Row],
        first: dt.date = DAY,
        last: dt.date = DAY,
        newer: Sequence[dt.date] = (),
    ) -> Fates:
        """Publish raw rows, numbered as lines of delivery d1, and stage the dates.

        newer: dates of which the rows may move others.
        """
        made, span = contract(f"stage.{self.stage}"), Span(first, last)
        raw = contract(f"raw.{made.feed}")
        for table in (raw, made):
            self.lake.ensure(table.table, iceberg_schema(table), ("business_date",), "")
        filled = list(self._filled(rows))
        folder, files = self.lake.candidate_dir(raw.table, "delivered"), []
        dates = sorted({row["business_date"] for row in filled})
        for date in dates:
            mine = [row for row in filled if row["business_date"] == date]
            path = folder / f"{date}.parquet"
            pq.write_table(pa.Table.from_pylist(mine, arrow_schema(raw)), path)
            files.append(str(path))
        moving = [str(folder / f"{date}.parquet") for date in newer]
        self.lake.publish(raw.table, files, Partitions.on(*dates), {"run_id": "r"})
        platform = SimpleNamespace(sql=DuckDbEngine(threads=1), lake=self.lake)
        return split(
            cast(Platform, platform),
            made,
            transformation(made.table),
            span,
            {
                span: {raw.table: self.lake.files(raw.table, first, last)}
                | ({NEWER: moving} if moving else {})
            },
            "run",
        )

    @staticmethod
    def _filled(rows: Sequence[Row]) -> Iterator[Row]:
        for number, row in enumerate(rows, start=1):
            yield {
                "business_date": DAY,
                "delivery_id": "d1",
                "delivery_seq": 1,
                "line_no": number,
                **row,
            }


def published(fates: Fates, *columns: str) -> list[tuple[Any, ...]]:
    """Return columns of the rows to publish, in order."""
    found = [
        tuple(row[c] for c in columns)
        for file in fates.files
        for row in pq.ParquetFile(file).read().to_pylist()
    ]
    return sorted(found, key=str)


def lines(fates: Fates) -> dict[str, list[int]]:
    """Return the lines of the records that are held back, by rule."""
    return {
        rule: places.table["line_no"].to_pylist() for rule, places in sorted(fates.refused.items())
    }


def lines_aside(fates: Fates) -> dict[str, list[int]]:
    """Return the lines of the records of which a value is set aside, by rule."""
    return {
        rule: places.table["line_no"].to_pylist()
        for rule, places in sorted(fates.set_aside.items())
    }
