"""Weeks of deliveries on a running `customer360 ui`: every date is published, as in a clean run."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from customer360_assets.assembly import definitions_of
from customer360_assets.contracts import contracts
from customer360_assets.planning.outstanding import PROFILE, Batch
from customer360_assets.runs.batches import run_batch
from customer360_assets.runs.instance import instance_of
from customer360_assets.tables.partitions import Span
from resources.deployment.deployment import Deployment
from resources.wiring.deployed import services_of
from tests.browser.session import Ui, serve
from tests.operate.soak_bank import Drop, drops, feed_set
from tests.operate.soak_figures import Figures
from tests.operate.soak_homes import SETTLE, Soaked, deliver, differences, log_of, new_home
from tests.patience import PATIENCE

pytestmark = pytest.mark.slow

DATES = int(os.environ.get("CUSTOMER360_SOAK_DATES", "20"))
CUSTOMERS = int(os.environ.get("CUSTOMER360_SOAK_CUSTOMERS", "2000"))
AS_OF = tuple(c.table for schema in ("dimension", "profile") for c in contracts(schema))


@pytest.fixture(autouse=True)
def _one_card_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUSTOMER360_CARD_KEY", "5a" * 32)


def test_every_date_is_published_as_in_a_clean_run(
    tmp_path: Path, record_property: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    delivered = drops(tmp_path / "source", CUSTOMERS, DATES)
    dates = [drop.date for drop in delivered]
    assert sum(drop.corrected for drop in delivered[1:]) > 0
    assert sum(drop.late for drop in delivered[1:]) > 0
    feeds = feed_set(tmp_path / "feeds")
    soaked = new_home(tmp_path / "soaked", feeds, dates[0])
    report = "\n".join(_soak(soaked, delivered).lines())
    (tmp_path / "soak.txt").write_text(f"{report}\n", encoding="utf-8")
    record_property("soak", report)
    with capsys.disabled():
        print(f"\n{report}")  # noqa: T201  (the figures of a soak)
    assert sorted(services_of(soaked)["lake"].dates(PROFILE)) == dates
    clean = new_home(tmp_path / "clean", feeds, dates[0])
    _run_clean(clean, delivered)
    assert differences(soaked, clean) == {}
    assert _served(soaked) == _served(clean) != []


def _served(target: Deployment) -> list[dict[str, Any] | None]:
    """Return the profiles that the store serves, by client."""
    services = services_of(target)
    batches = services["lake"].batches(PROFILE)
    clients = {client for batch in batches for client in batch.column("client_id").to_pylist()}
    return [services["store"].get(client) for client in sorted(clients)]


def _soak(target: Deployment, delivered: Sequence[Drop]) -> Figures:
    """Drop the files of each date once those of the date before are published."""
    figures = Figures()
    _command("automation", "on", "--home", str(target.home))
    with (
        serve(target.home, CUSTOMER360_SETTLE_SECONDS=str(SETTLE)) as ui,
        instance_of(target) as instance,
        figures.watching(ui.process.pid),
    ):
        soaked = Soaked(target, instance)
        for drop in delivered:
            settled = soaked.drop(drop)
            if _wait(soaked, drop.date, ui):
                figures.lags[drop.date] = soaked.published_at(drop.date) - settled
            else:
                figures.refused.append(drop.date)
            figures.measure_sizes(target.home, drop.date)
        ui.process.terminate()
        assert ui.process.wait(PATIENCE) == 0
    return figures


def _wait(soaked: Soaked, date: dt.date, ui: Ui) -> bool:
    """Return True once nothing is outstanding up to a date; only a hang ends it.

    Return False if what is left waits for its source: the files of the next date correct it.
    """
    deadline = time.monotonic() + PATIENCE
    log = soaked.target.home / "ui.log"
    while (left := soaked.waits_for(date)) is not None:
        if left.startswith("outstanding") and soaked.refused():
            return False
        assert ui.process.poll() is None, f"the UI ended:\n{_end(log)}"
        assert time.monotonic() < deadline, f"{date}: {left} after {PATIENCE} s:\n{_end(log)}"
        time.sleep(5)
    return True


def _end(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-4000:]


def _run_clean(target: Deployment, delivered: Sequence[Drop]) -> None:
    """Take in the same deliveries in the same order, and only then make tables of them.

    The run of the last date makes raw and stage of every date; the as-of tables of the others
    follow in one run.
    """
    log = log_of(target)
    for drop in delivered:
        deliver(target, drop)
        log.take_in(drop.date)
    _command("run", "--home", str(target.home), "--business-date", str(delivered[-1].date))
    span = Span(delivered[0].date, delivered[-2].date)
    with instance_of(target) as instance:
        assert run_batch(definitions_of(target), instance, Batch(span, AS_OF)).success


def _command(*words: str) -> None:
    program = str(Path(sys.executable).with_name("customer360"))
    done = subprocess.run([program, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
