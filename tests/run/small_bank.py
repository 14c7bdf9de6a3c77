"""A bank of three invented clients, run within the test's process."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
)

from customer360_assets.cli.run import run_command
from customer360_assets.contracts import contract
from customer360_assets.publishing.lake_tables import readable
from customer360_assets.publishing.platform import Platform
from customer360_assets.publishing.reading import as_of_files
from customer360_assets.runs.instance import instance_of
from resources.deployment.deployment import Deployment, deployment
from resources.wiring.deployed import services_of
from tests.instances import put_new_record

Row = dict[str, Any]
Files = Mapping[str, str | bytes]
FIRST = dt.date(2023, 1, 1)


@dataclass(frozen=True)
class Step:
    """One table that a run materialized, over its span of business dates."""

    table: str
    first: str
    last: str


@dataclass(frozen=True)
class Ran:
    """What a run printed, how it ended and what it materialized."""

    code: int
    output: str
    steps: tuple[Step, ...]

    @property
    def tables(self) -> set[str]:
        """The tables that were materialized."""
        return {step.table for step in self.steps}

    def on(self, date: str) -> set[str]:
        """The tables that were materialized for a date."""
        return {s.table for s in self.steps if s.first <= date <= s.last}


def run_here(
    home: Path,
    landing: Path,
    date: str,
    feeds: str | None = None,
    accept_loss: Sequence[str] = (),
) -> tuple[int, str]:
    """Run the command in this process; return its exit code and its output."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        code = run_command(home, landing, feeds, dt.date.fromisoformat(date), accept_loss)
    return code, printed.getvalue()


def query_home(target: Deployment, *queries: str, as_of: str = "9999-12-31") -> list[list[Row]]:
    """Return the rows of queries, over the tables as the `sql` command shows them."""
    platform, date = Platform(**services_of(target)), dt.date.fromisoformat(as_of)
    inputs = {
        name: readable(platform, name, as_of_files(platform, contract(name), date))
        for name in platform.lake.tables()
    }
    session = platform.sql.session(inputs)
    return [session.query(query).to_pylist() for query in queries]


class SmallBank:
    """A landing zone and a home; `run` is what the command does, without a process of its own."""

    def __init__(self, root: Path) -> None:
        self.root, self.landing, self.home = root, root / "landing", root / "home"
        self.landing.mkdir(parents=True, exist_ok=True)
        # Few partitions: Dagster lists them all in each run.
        self.deployment.model_copy(update={"first_business_date": FIRST}).save()
        if not self.deployment.dagster_home.exists():
            put_new_record(self.deployment.dagster_home)

    def deliver(self, files: Files) -> None:
        """Write files into the landing zone."""
        for name, content in files.items():
            path = self.landing / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)

    @property
    def deployment(self) -> Deployment:
        """The home's deployment."""
        return deployment(self.home, landing=self.landing)

    @contextlib.contextmanager
    def instance(self) -> Iterator[dg.DagsterInstance]:
        """Yield the home's Dagster instance."""
        with instance_of(self.deployment) as instance:
            yield instance

    def run(self, date: str, accept_loss: Sequence[str] = ()) -> Ran:
        """Run the command up to a date."""
        with self.instance() as instance:
            before = {run.run_id for run in instance.get_runs()}
            code, output = run_here(self.home, self.landing, date, accept_loss=accept_loss)
            runs = [r for r in instance.get_runs() if r.run_id not in before]
        return Ran(code, output, tuple(s for run in runs for s in _steps(run)))

    def platform(self) -> Platform:
        """Return the home's services."""
        return Platform(**services_of(self.deployment))

    def query(self, *queries: str, as_of: str = "9999-12-31") -> list[list[Row]]:
        """Return the rows of queries, over the tables as the `sql` command shows them."""
        return query_home(self.deployment, *queries, as_of=as_of)

    def rows(self, query: str, as_of: str = "9999-12-31") -> list[Row]:
        """Return the rows of one query."""
        return self.query(query, as_of=as_of)[0]

    def everything(self) -> dict[str, list[Row]]:
        """Return all rows of all dates of every table of the lake, and of the profile store."""
        lake = self.platform().lake
        found: dict[str, list[Row]] = {}
        for table in sorted(lake.tables()):
            files = [str(f) for f in lake.files(table)]
            found[table] = _all(files) if files else []
        found["serving.customer_profile"] = self._served()
        return found

    def _served(self) -> list[Row]:
        current = "generation = (SELECT generation FROM pointer)"
        with contextlib.closing(sqlite3.connect(self.deployment.store_path)) as store:
            (pointer,) = store.execute("SELECT business_date, columns FROM pointer").fetchall()
            items = store.execute(
                f"SELECT client_id, branch_id, body FROM item WHERE {current} ORDER BY client_id"
            )
            return [{"pointer": pointer, "item": item} for item in items.fetchall()]


def _all(files: list[str]) -> list[Row]:
    read = "SELECT * FROM read_parquet(?, hive_partitioning = false) ORDER BY ALL"
    with contextlib.closing(duckdb.connect()) as db:
        found: list[Row] = db.execute(read, [files]).to_arrow_table().to_pylist()
        return found


def _steps(run: dg.DagsterRun) -> Iterator[Step]:
    first, last = (
        run.tags[ASSET_PARTITION_RANGE_START_TAG],
        run.tags[ASSET_PARTITION_RANGE_END_TAG],
    )
    for key in run.asset_selection or ():
        yield Step(".".join(key.path), first, last)
