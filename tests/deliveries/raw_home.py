"""A small home for raw tests: a landing zone, an archive and a lake under one directory."""

from __future__ import annotations

import datetime as dt
import multiprocessing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from customer360_assets.deliveries.feed_deliveries import (
    FeedDeliveries,
    parse_outstanding,
    read_deliveries,
    settled,
)
from customer360_assets.deliveries.intake.take_in import Intake
from customer360_assets.deliveries.log import DeliveryLog
from customer360_assets.deliveries.parsing.job import ParsingJob
from customer360_assets.deliveries.parsing.parsed import Parsed
from customer360_assets.feeds import FeedSpec, load_feeds
from resources.deployment.card_token import CardKey
from resources.embedded.sqlite_ledger import SqliteLedger
from resources.files.folder_archive import LocalArchive
from resources.files.folder_landing import LocalLanding
from tests.deliveries.taking import take_in_only

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
KEY = CardKey(bytes(range(32)))
DAY = dt.date(2024, 5, 23)
PROCESSES = multiprocessing.get_context("forkserver")
"""New processes that have the imports done and no engine's threads in them."""
PROCESSES.set_forkserver_preload([__name__])


class Home:
    """Everything that intake and parse touch."""

    def __init__(self, root: Path, feeds: Mapping[str, FeedSpec] | None = None) -> None:
        self.root = root
        self.landing_dir = root / "landing"
        self.landing_dir.mkdir(parents=True, exist_ok=True)
        self.landing = LocalLanding(self.landing_dir)
        self.archive = LocalArchive(root / "archive")
        self.ledger = SqliteLedger(root / "archive" / "ledger.db")
        self.lake = root / "lake"
        self.feeds = dict(feeds or load_feeds("workshop"))

    def deliver(self, name: str, content: bytes | str) -> Path:
        path = self.landing_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def take_in(self, run_date: dt.date = DAY) -> Intake:
        """Archive what is new and note it as taken, without a look into it."""
        return take_in_only(self.landing, self.archive, self.ledger, self.feeds, run_date)

    def log(self) -> DeliveryLog:
        return DeliveryLog(
            self.feeds,
            self.landing,
            self.archive,
            self.ledger,
            self.lake,
            self.root,
            lambda: KEY,
        )

    def job(self, feed: str, key: CardKey | None = KEY, threads: int = 1) -> ParsingJob:
        return ParsingJob(self.feeds[feed], self.archive, self.ledger, self.lake, key, threads)

    def settle(self, feed: str, key: CardKey = KEY) -> FeedDeliveries:
        return settled(parse_outstanding(read_deliveries(self.job(feed, key))))

    def run(self, feed: str, run_date: dt.date = DAY) -> FeedDeliveries:
        self.take_in(run_date)
        return self.settle(feed)

    def rows(self, deliveries: FeedDeliveries, columns: str = "*") -> list[tuple[Any, ...]]:
        files = deliveries.partition_files(dt.date.min, dt.date.max)
        return _read([f for date in files for f in files[date]], columns)

    def quarantined(
        self, deliveries: FeedDeliveries, columns: str = "line_no, rule, record"
    ) -> list[tuple[Any, ...]]:
        files = deliveries.quarantine_files(dt.date.min, dt.date.max)
        return _read([f for date in files for f in files[date]], columns)

    def results(self) -> dict[str, str]:
        """The text of each result, by the name of its folder."""
        return {
            Parsed.model_validate_json(r.text).folder_name: r.text
            for feed in self.feeds
            for r in self.ledger.results(feed)
        }


def _read(files: list[Path], columns: str) -> list[tuple[Any, ...]]:
    if not files:
        return []
    return duckdb.execute(
        f"SELECT {columns} FROM read_parquet(?, hive_partitioning = false) ORDER BY ALL",
        [[str(f) for f in files]],
    ).fetchall()


def only(deliveries: FeedDeliveries) -> dict[str, Any]:
    """The one row of a manifest that has one."""
    (row,) = deliveries.manifest()
    return row
