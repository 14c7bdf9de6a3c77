"""Dagster's daemon on a home: files that are dropped become a profile automatically."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest

from customer360_assets.automation.arrivals.sensor import FEED_TAG
from customer360_assets.contracts import contracts
from customer360_assets.feeds.loader import load_feeds
from customer360_assets.planning.versions import METADATA_KEY
from customer360_assets.runs.instance import prepare
from customer360_assets.tables.specs import asset_key
from customer360_assets.tables.transformations import code_folder
from tests.patience import PATIENCE
from tests.run.deliveries import CARDS, card, card_file, good_day
from tests.run.small_bank import SmallBank

TODAY = dt.datetime.now(dt.UTC).date()
PROFILE = "profile.customer_360"


@pytest.fixture
def bank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallBank:
    monkeypatch.setenv("CUSTOMER360_CARD_KEY", "5a" * 32)
    first = TODAY - dt.timedelta(days=10)
    monkeypatch.setenv("CUSTOMER360_FIRST_BUSINESS_DATE", first.isoformat())
    return SmallBank(tmp_path)


@contextmanager
def daemon(bank: SmallBank) -> Iterator[Path]:
    """Run the daemon on the home with every sensor on; yield its log."""
    bank.deployment.save()
    variables = {
        **os.environ,
        "DAGSTER_HOME": str(prepare(bank.deployment)),
        "CUSTOMER360_HOME": str(bank.home),
        "CUSTOMER360_SETTLE_SECONDS": "10",
    }
    location = ["-w", str(code_folder("workspace.yaml"))]
    subprocess.run(
        [sys.executable, "-m", "dagster", "sensor", "start", "--start-all", *location],
        env=variables, check=True, capture_output=True, timeout=PATIENCE,
    )  # fmt: skip
    log = bank.home / "daemon.log"
    with log.open("wb") as written:
        running = subprocess.Popen(
            [sys.executable, "-m", "dagster._daemon", "run", *location],
            env=variables, stdout=written, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            yield log
        finally:
            running.terminate()
            running.wait(PATIENCE)


def wait_for(what: str, holds: Callable[[], bool], log: Path) -> None:
    """Wait until something holds; show the end of the daemon's log if it does not."""
    until = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > until:
            end = log.read_text(encoding="utf-8", errors="replace")[-4000:]
            raise AssertionError(f"{what} did not come within {PATIENCE} s:\n{end}")
        time.sleep(5)


def made(instance: dg.DagsterInstance, table: str) -> Counter[tuple[str, str]]:
    """Return how often each partition of a table was made in each version."""
    events = instance.fetch_materializations(asset_key(table), limit=1000).records
    materialized = [e.asset_materialization for e in events if e.asset_materialization]
    return Counter(
        (str(m.partition), str(m.metadata[METADATA_KEY].value))
        for m in materialized
        if METADATA_KEY in m.metadata
    )


def quiet(instance: dg.DagsterInstance) -> bool:
    """Return whether nothing is running or queued."""
    open_statuses = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING,
                     dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.NOT_STARTED]  # fmt: skip
    return not instance.get_runs(dg.RunsFilter(statuses=open_statuses))


def clients(bank: SmallBank) -> dict[int, int]:
    """Return the cards of each client in today's profile; empty while there is none."""
    if PROFILE not in bank.platform().lake.tables():
        return {}
    query = (
        "SELECT client_id, product_cards FROM profile.customer_360"
        f" WHERE business_date = DATE '{TODAY}'"
    )
    return {r["client_id"]: r["product_cards"] for r in bank.rows(query)}


@pytest.mark.slow
def test_dropped_files_become_the_profile_of_their_date(bank: SmallBank) -> None:
    with daemon(bank) as log, bank.instance() as instance:
        bank.deliver(good_day(TODAY.isoformat()))
        whole = {5001: 1, 5002: 1, 5003: 0}
        wait_for("the profile", lambda: quiet(instance) and clients(bank) == whole, log)
        feeds = Counter(run.tags.get(FEED_TAG) for run in instance.get_runs())
        assert {feed: feeds[feed] for feed in load_feeds("workshop")} == dict.fromkeys(
            load_feeds("workshop"), 1
        )
        # A corrected file, while the daemon goes on.
        corrected = card(CARDS[0], 101) + card(CARDS[1], 101)
        bank.deliver({card_file(TODAY.isoformat()): corrected})
        wait_for(
            "the corrected profile",
            lambda: quiet(instance) and clients(bank) == {5001: 2, 5002: 0, 5003: 0},
            log,
        )
        # Two rounds of every sensor more: there is nothing left to do, and nothing is done.
        runs = len(instance.get_runs())
        time.sleep(75)
        assert len(instance.get_runs()) == runs
        for layer in ("raw", "stage", "dimension", "profile"):
            for contract in contracts(layer):
                if contract.feed or layer in ("dimension", "profile"):
                    times = made(instance, contract.table)
                    assert times, contract.table
                    assert set(times.values()) == {1}, (contract.table, times)


@pytest.mark.slow
def test_a_file_from_before_the_first_partition_is_made_without_a_restart(
    bank: SmallBank, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The daemon loads its code location anew, and with it the start that the intake recorded."""
    monkeypatch.delenv("CUSTOMER360_FIRST_BUSINESS_DATE")
    (bank.home / "settings.json").unlink()
    older = str(TODAY - dt.timedelta(days=20))
    bank.deliver(good_day(TODAY.isoformat()))
    assert bank.run(str(TODAY)).code == 0
    assert bank.deployment.first_partition == TODAY
    with daemon(bank) as log, bank.instance() as instance:
        bank.deliver({card_file(older): card(CARDS[2], 101)})
        wait_for(
            "the older date", lambda: older in {d for d, _ in made(instance, "stage.card")}, log
        )
        wait_for(
            "the profile that reads it",
            lambda: quiet(instance) and clients(bank) == {5001: 2, 5002: 1, 5003: 0},
            log,
        )
    assert str(bank.deployment.first_partition) == older
