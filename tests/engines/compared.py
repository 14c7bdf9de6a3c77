"""One text on two engines: the rows of both, and what the second one planned."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from resources.protocols.sql_engine import SqlEngine
from tests.aws.emulation.athena_back_end import Answer
from tests.aws.emulation.athena_text import COMMENTS, EXPLAIN, UNLOAD
from tests.aws.emulation.athena_trino import TrinoBackEnd, TrinoQuery
from tests.engines.recorded import Text

_FRAGMENT = re.compile(r"^Fragment \d+", re.MULTILINE)
_SCAN = re.compile(r"(?:TableScan|ScanFilter|ScanProject|ScanFilterProject)\[table = ([^\s,\]]+)")
DIGITS = 12
Rows = dict[tuple[str, ...], list[str]]
Read = Callable[[str], pa.Table]


@dataclass(frozen=True)
class Plan:
    """What Trino plans: fragments, scans of tables, and the most of one table."""

    fragments: int
    scans: int
    of_one_table: int

    @classmethod
    def of(cls, text: str) -> Plan:
        """Read a distributed plan."""
        tables = Counter(_SCAN.findall(text))
        most = max(tables.values(), default=0)
        return cls(len(_FRAGMENT.findall(text)), sum(tables.values()), most)


@dataclass
class Planning(TrinoBackEnd):
    """A Trino that plans each query before it runs it."""

    on: TrinoBackEnd
    plans: list[Plan] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Start at the state of the other one."""
        super().__init__(self.on.trino, self.on._endpoint, self.on._region)

    def query(self, sql: str, database: str, memory_limit: str) -> TrinoQuery:
        """Return a query whose plan is kept."""
        return _Planned(self, sql, database, memory_limit)


class _Planned(TrinoQuery):
    def run(self) -> Answer:
        bare = COMMENTS.sub("", self._sql)
        if not EXPLAIN.fullmatch(bare) and not UNLOAD.fullmatch(bare):
            asked = f"EXPLAIN (TYPE DISTRIBUTED) {bare}"
            found = self._on.trino.run(asked, self._database)
            assert isinstance(self._on, Planning)
            self._on.plans.append(Plan.of(str(found.column(0)[0].as_py())))
        return super().run()


def rows_of(engine: SqlEngine, text: Text, output: Path, read: Read) -> Rows:
    """Return what an engine answers, by part, in an order of its own and with names of columns."""
    if text.target is None:
        return {(): _listed([engine.query(text.sql, text.params, text.inputs)])}
    made = engine.run(
        text.sql, text.params, text.inputs, output, text.columns, text.partition_by,
        where=text.where,
    )  # fmt: skip
    if not text.partition_by:
        return {(): _listed(map(read, made.files))}
    files: dict[tuple[str, ...], list[str]] = {}
    for part in made.parts:
        files.setdefault(part.values, []).append(part.file)
    return {values: _listed(map(read, named)) for values, named in sorted(files.items())}


def from_s3(s3: Any) -> Read:
    """Return what reads a Parquet file of S3, without the columns that are no table's."""

    def read(uri: str) -> pa.Table:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        found = pq.ParquetFile(io.BytesIO(body)).read()
        return found.select([c for c in found.column_names if not c.startswith("__")])

    return read


def from_disk(file: str) -> pa.Table:
    """Read a local Parquet file."""
    return pq.ParquetFile(file).read()


def _listed(tables: Iterable[pa.Table]) -> list[str]:
    found = []
    for table in tables:
        for row in table.to_pylist():
            found.append(repr({name.lower(): _plain(value) for name, value in row.items()}))
    return sorted(found)


def _plain(value: Any) -> Any:
    """Return a value as both engines state it: doubles to the digits that a sum leaves alone."""
    if isinstance(value, float):
        return f"{value:.{DIGITS}g}"
    if isinstance(value, list):
        return [_plain(v) for v in value]
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date()  # DuckDB widens a date; the contract's cast narrows it
    return value
