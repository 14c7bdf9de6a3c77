"""Intake registers each delivery once, byte for byte, in an order that every machine repeats."""

from __future__ import annotations

import datetime as dt
import hashlib
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from customer360_assets.deliveries.intake.take_in import is_new, take_in
from resources.files.folder_landing import LocalLanding
from resources.protocols.landing import LandedFile
from tests.deliveries.raw_home import DAY, PROCESSES, Home
from tests.patience import PATIENCE


def card(day: int, part: int = 1) -> str:
    return f"card/card00202405{day:02d}-{part}.csv"


def test_bytes_are_kept_exactly_and_read_only(home: Home) -> None:
    content = bytes(range(256)) * 5000
    home.deliver(card(1), content)
    (receipt,) = home.take_in().taken
    kept = home.archive.path(receipt.sha256)
    assert kept.read_bytes() == content
    assert receipt.sha256 == hashlib.sha256(content).hexdigest()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o400
    assert (receipt.bytes, receipt.business_date) == (len(content), dt.date(2024, 5, 1))


def test_the_order_of_arrival_is_that_of_the_names(home: Home) -> None:
    for day in (9, 3, 5):
        home.deliver(card(day), f"{day}")
    taken = home.take_in().taken
    assert [(r.seq, r.file) for r in taken] == [(1, card(3)), (2, card(5)), (3, card(9))]
    home.deliver(card(1), "late")
    (late,) = home.take_in().taken
    assert (late.seq, late.business_date) == (4, dt.date(2024, 5, 1))


def test_the_same_file_is_taken_once_and_a_corrected_one_again(home: Home) -> None:
    home.deliver(card(1), "A")
    assert is_new(home.landing, home.archive, home.ledger, home.feeds["card"])
    assert len(home.take_in().taken) == 1
    assert home.take_in(DAY + dt.timedelta(days=1)).taken == ()
    assert not is_new(home.landing, home.archive, home.ledger, home.feeds["card"])
    for content in ("B", "A"):
        home.deliver(card(1), content)
        assert is_new(home.landing, home.archive, home.ledger, home.feeds["card"])
        assert len(home.take_in().taken) == 1
    assert [r.seq for r in home.ledger.receipts("card")] == [1, 2, 3]


def test_a_feed_dated_by_the_run_takes_the_run_s_date(home: Home) -> None:
    home.deliver("visitors/v.csv", "a,1\n")
    (receipt,) = home.take_in(dt.date(2024, 1, 2)).taken
    assert receipt.business_date == dt.date(2024, 1, 2)


@pytest.mark.parametrize(
    "name", ["card0020240230-1.csv", "card-latest.csv", "card0020241301-1.csv"]
)
def test_a_name_without_a_date_is_refused(home: Home, name: str) -> None:
    home.deliver(f"card/{name}", "5555555555554444,7,gold,2024-01-02\n")
    (receipt,) = home.take_in().taken
    assert receipt.business_date is None
    (row,) = home.settle("card").manifest()
    assert row["status"] == "refused"
    assert row["reason"].startswith("no business date: the name ")
    assert row["records"] is None


def test_files_of_no_feed_are_named_and_hidden_ones_are_not_deliveries(home: Home) -> None:
    home.deliver("card/readme.txt", "x")
    home.deliver("elsewhere/card0020240501-1.csv", "x")
    home.deliver("card/.card0020240501-1.csv", "x")
    home.deliver(".cache/x", "x")
    result = home.take_in()
    assert result.taken == ()
    assert result.unmatched == ("card/readme.txt", "elsewhere/card0020240501-1.csv")


class GrowingLanding(LocalLanding):
    """A landing zone in which one file grows while it is read."""

    def __init__(self, directory: Path, growing: str) -> None:
        super().__init__(directory)
        self.directory, self.growing = directory, growing

    def open(self, key: str) -> BinaryIO:
        opened = super().open(key)
        if key == self.growing:
            with (self.directory / key).open("ab") as file:
                file.write(b"more\n")
        return opened


def test_a_file_that_is_still_being_written_is_left_and_named(home: Home) -> None:
    home.deliver(card(1), "a\n")
    home.deliver(card(2), "b\n")
    growing = GrowingLanding(home.landing_dir, card(1))
    result = take_in(growing, home.archive, home.ledger, home.feeds, DAY)
    assert result.changing == (card(1),)
    assert [r.file for r in result.taken] == [card(2)]
    assert [r.file for r in home.take_in().taken] == [card(1)]


class CountingLanding(LocalLanding):
    """A landing zone whose files are old enough to be distinguished by their times."""

    reads = 0

    def state(self, key: str) -> LandedFile | None:
        found = super().state(key)
        return found and LandedFile(found.key, found.bytes, found.modified, settled=True)

    def list(self, folder: str = "", pattern: str = "**/*") -> list[LandedFile]:
        return [replace(file, settled=True) for file in super().list(folder, pattern)]

    def open(self, key: str) -> BinaryIO:
        self.reads += 1
        return super().open(key)


def test_a_file_that_stands_as_before_is_not_read_again(home: Home) -> None:
    home.deliver(card(1), "a")
    landing = CountingLanding(home.landing_dir)
    take_in(landing, home.archive, home.ledger, home.feeds, DAY)
    before = landing.reads
    take_in(landing, home.archive, home.ledger, home.feeds, DAY)
    assert (before, landing.reads) == (1, 1)
    home.deliver(card(1), "b")
    assert len(take_in(landing, home.archive, home.ledger, home.feeds, DAY).taken) == 1


def test_a_file_written_a_moment_ago_is_read_again(home: Home) -> None:
    home.deliver(card(1), "a")
    home.take_in()
    assert home.ledger.states("card", "seen") == {}


def take_in_from(root: Path, start: Any, counts: Any) -> None:
    home = Home(root)
    start.wait()
    counts.put(len(home.take_in().taken))


def test_two_processes_register_each_delivery_once(home: Home) -> None:
    for i in range(60):
        home.deliver(card(1 + i % 28, i), f"content {i}")
    start, counts = PROCESSES.Barrier(2), PROCESSES.Queue()
    racing = [PROCESSES.Process(target=take_in_from, args=(home.root, start, counts)) for _ in "ab"]
    for process in racing:
        process.start()
    taken = [counts.get(timeout=PATIENCE) for _ in racing]
    for process in racing:
        process.join()
    receipts = home.ledger.receipts("card")
    assert sum(taken) == len(receipts) == 60
    assert sorted(r.seq for r in receipts) == list(range(1, 61))
    assert len({r.file for r in receipts}) == 60
