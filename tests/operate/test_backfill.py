"""A backfill over the whole graph is killed half-way and resumed."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pytest

from customer360_assets.assembly import definitions_of
from customer360_assets.cli.demo import END
from customer360_assets.cli.run import run_command
from customer360_assets.contracts import contracts
from customer360_assets.planning.outstanding import Batch
from customer360_assets.runs.batches import run_batch
from customer360_assets.runs.instance import instance_of
from customer360_assets.tables.partitions import Span
from resources.deployment.deployment import deployment
from resources.wiring.deployed import services_of
from tests.browser.session import Ui, serve
from tests.operate import backfills

pytestmark = pytest.mark.slow

DAYS = int(os.environ.get("CUSTOMER360_BACKFILL_DAYS", "12"))
FIRST = END - dt.timedelta(days=DAYS)
DATES = [FIRST + dt.timedelta(days=n) for n in range(DAYS)]
DERIVED = [c.table for schema in ("dimension", "profile") for c in contracts(schema)]
HALF_WAY = DERIVED[len(DERIVED) // 2]
"""Tables before it are done when half the dates of this one are recorded."""
SECONDS = 240 + 30 * DAYS


def _demo(home: Path) -> Path:
    """A bank that the demo has built for its last day; CRM delivers its first day again.

    That delivery has the clients of the last day and is new: a backfill takes it in.
    """
    command = [str(Path(sys.executable).with_name("customer360")), "demo", "--home", str(home)]
    days = ["--customers", "60", "--days", str(DAYS + 1)]
    subprocess.run([*command, *days], check=True, capture_output=True)
    (last,) = (home / "bank" / "landing" / "crm").glob(f"crm00{END:%Y%m%d}-*.json")
    shutil.copyfile(last, last.with_name(last.name.replace(f"{END:%Y%m%d}", f"{FIRST:%Y%m%d}")))
    return home


def _published(home: Path) -> dict[str, dict[dt.date, list[str]]]:
    lake = services_of(deployment(home))["lake"]
    return {
        table: {date: list(lake.files(table, date, date)) for date in lake.dates(table)}
        for table in DERIVED
    }


def _half(home: Path) -> bool:
    lake = services_of(deployment(home))["lake"]
    return len(lake.dates(HALF_WAY)) > DAYS // 2


def _rows(files: Mapping[dt.date, list[str]]) -> list[tuple[object, ...]]:
    chosen = [file for date in DATES for file in files[date]]
    with duckdb.connect() as db:
        read = "SELECT * FROM read_parquet(?, hive_partitioning = false) ORDER BY ALL"
        return db.execute(read, [chosen]).fetchall()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of the same bank, whose dates were made in one go."""
    home = _demo(tmp_path_factory.mktemp("undisturbed") / "home")
    target = deployment(home)
    assert run_command(home, home / "bank" / "landing", "workshop", END) == 0
    with instance_of(target) as instance:
        batch = Batch(Span(DATES[0], DATES[-1]), tuple(DERIVED))
        assert run_batch(definitions_of(target), instance, batch).success
    return home


def _killed_half_way(ui: Ui, home: Path) -> str:
    backfill = backfills.launch(ui, [str(date) for date in DATES])
    backfills.wait_for(
        lambda: _half(home) or backfills.status(ui, backfill) not in backfills.GOING,
        SECONDS,
        f"half of {HALF_WAY}",
    )
    ui.kill()
    done = len(services_of(deployment(home))["lake"].dates(DERIVED[-1]))
    assert done < DAYS, "the backfill had ended before it was killed"
    return backfill


def test_a_killed_backfill_goes_on_where_it_was(
    undisturbed: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = _demo(tmp_path_factory.mktemp("killed") / "home")
    with serve(home) as ui:
        backfill = _killed_half_way(ui, home)
    before = _published(home)
    with serve(home) as ui:
        assert backfills.ended(ui, backfill, SECONDS) == "COMPLETED_FAILED"
        reported = backfills.materialized_ranges(ui, DERIVED[0])
        assert [(r["startKey"], r["endKey"]) for r in reported] == [(str(FIRST), str(END))]
        resumed = backfills.resume(ui, backfill)
        assert backfills.ended(ui, resumed, SECONDS) == "COMPLETED_SUCCESS"
    after = _published(home)
    # What was done is as it was, file by file, but for the last date of a run, which has checks.
    kept = [
        (table, date) for table in DERIVED for date in before[table] if date not in (END, DATES[-1])
    ]
    assert len(kept) >= (len(DERIVED) // 2) * (DAYS - 1)
    assert [key for key in kept if after[key[0]][key[1]] != before[key[0]][key[1]]] == []
    twin = _published(undisturbed)
    for table in DERIVED:
        assert set(after[table]) >= set(DATES)
        assert _rows(after[table]) == _rows(twin[table]), table
