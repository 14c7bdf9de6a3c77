"""A ledger of an earlier state: its next number goes to another file, and no row is mixed up."""

from __future__ import annotations

import datetime as dt
import sqlite3
from contextlib import closing
from pathlib import Path

from customer360_assets.deliveries.feed_deliveries import FeedDeliveries
from tests.deliveries.raw_home import Home
from tests.deliveries.test_in_force import card, cards


def copied(ledger: Path, to: Path) -> None:
    with closing(sqlite3.connect(ledger)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)


def files_of(deliveries: FeedDeliveries) -> dict[Path, bytes]:
    dates = deliveries.partition_files(dt.date.min, dt.date.max)
    return {file: file.read_bytes() for files in dates.values() for file in files}


def test_a_number_that_is_given_twice_mixes_no_rows(home: Home, tmp_path: Path) -> None:
    home.deliver(card(1), cards(1))
    home.run("card")
    copied(home.ledger.path, tmp_path / "backup.db")
    lost = home.deliver(card(2), cards(2) + cards(3))
    before = files_of(home.run("card"))
    copied(tmp_path / "backup.db", home.ledger.path)
    lost.unlink()
    # Of the same date, so that its file would have the name of the lost one's.
    home.deliver(card(2, 9), cards(4))
    found = home.run("card")
    assert [row["file"] for row in found.manifest()] == [card(1), card(2, 9)]
    assert len(home.rows(found)) == len(cards(1).splitlines()) + len(cards(4).splitlines())
    assert {file: file.read_bytes() for file in before} == before, (
        "what a table shows stays as it is"
    )
