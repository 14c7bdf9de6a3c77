"""The raw layer finds what was planted, by the rule the truth names, and nothing else."""

import shutil
from datetime import date
from pathlib import Path

import duckdb
import pytest

from customer360_assets.deliveries.feed_deliveries import (
    FeedDeliveries,
    parse_outstanding,
    read_deliveries,
)
from customer360_assets.deliveries.intake.take_in import take_in
from customer360_assets.deliveries.parsing.job import ParsingJob
from customer360_assets.feeds import load_feeds
from resources.deployment.card_token import CardKey
from resources.embedded.sqlite_ledger import SqliteLedger
from resources.files.folder_archive import LocalArchive
from resources.files.folder_landing import LocalLanding
from simulator.simulate import Simulated
from tests.simulator.conftest import Query

FEEDS = ("account", "card", "disposition", "ga_session", "web_visitor_map")


@pytest.fixture(scope="module")
def settled(bank: Simulated, tmp_path_factory: pytest.TempPathFactory) -> dict[str, FeedDeliveries]:
    home = tmp_path_factory.mktemp("home")
    shutil.copytree(bank.landing, home / "landing")
    archive, feeds = LocalArchive(home / "archive"), dict(load_feeds("workshop"))
    ledger = SqliteLedger(home / "archive" / "ledger.db")
    take_in(LocalLanding(home / "landing"), archive, ledger, feeds, date(2024, 6, 30))
    key = CardKey(bytes(range(32)))
    lake = home / "lake"
    jobs = {f: ParsingJob(feeds[f], archive, ledger, lake, key, threads=1) for f in FEEDS}
    return {feed: parse_outstanding(read_deliveries(job)) for feed, job in jobs.items()}


@pytest.mark.slow
@pytest.mark.parametrize("feed", FEEDS)
def test_rows(settled: dict[str, FeedDeliveries], query: Query, feed: str) -> None:
    planted = query(
        "SELECT file, line_no, rule FROM defect WHERE line_no IS NOT NULL"
        f" AND feed = '{feed}' AND caught_by = 'raw/{feed}' ORDER BY ALL"
    )
    by_date = settled[feed].quarantine_files(date.min, date.max)
    files = [str(path) for paths in by_date.values() for path in paths]
    found = duckdb.execute(
        "SELECT file, line_no, rule FROM read_parquet(?, hive_partitioning = false) ORDER BY ALL",
        [files],
    ).fetchall()
    assert found == planted


@pytest.mark.parametrize("feed", FEEDS)
def test_files(settled: dict[str, FeedDeliveries], query: Query, feed: str) -> None:
    expected = query(
        f"SELECT target, expected FROM delivery WHERE feed = '{feed}'"
        " AND source LIKE 'landing/%' ORDER BY target"
    )
    manifest = settled[feed].manifest()
    assert sorted((str(Path(row["file"])), row["status"]) for row in manifest) == expected
