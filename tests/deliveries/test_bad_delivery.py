"""One delivery that cannot be parsed, or file that cannot be read, keeps nothing else out."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pytest

from customer360_assets.deliveries.feed_deliveries import read_deliveries
from customer360_assets.deliveries.intake.landed import unmatched
from customer360_assets.deliveries.intake.take_in import is_new, taken_states
from customer360_assets.deliveries.log import IntakeResult
from customer360_assets.deliveries.parsing.failures import ParseFailuresError
from resources.files.folder_landing import LocalLanding
from tests.deliveries.breaking import POISON, break_parser
from tests.deliveries.raw_home import DAY, Home
from tests.deliveries.test_in_force import account, accounts, card, cards, statuses

REPORTED = f"{card(2)} (card-000002: the engine failed: BinderException)"


@pytest.fixture
def bank(home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    """Two feeds; the second of three card files cannot be parsed."""
    break_parser(monkeypatch)
    for day in (1, 2, 3):
        home.deliver(card(day), POISON if day == 2 else cards(day))
    home.deliver(account(1), accounts(1))
    home.deliver("transactions/t.csv", "of no feed")
    return home


def intake(home: Home) -> IntakeResult:
    for path in home.landing_dir.rglob("*.csv"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    return home.log().take_in(DAY)


def parsed(home: Home, feed: str) -> list[str]:
    found = read_deliveries(home.job(feed))
    return [e.own for e in found.entries if e.parsed is not None]


def test_every_other_delivery_and_feed_is_taken_in(bank: Home) -> None:
    result = intake(bank)
    assert len(result.taken) == 4
    assert parsed(bank, "card") == ["card-000001", "card-000003"]
    assert parsed(bank, "account") == ["account-000001"]
    assert str(result.failure) == (
        f"1 deliveries could not be parsed: {REPORTED}. All else was taken in."
    )


def test_the_feed_s_partitions_are_not_made_without_it(bank: Home) -> None:
    intake(bank)
    with pytest.raises(ParseFailuresError) as failure:
        bank.settle("card")
    assert str(failure.value) == f"1 deliveries could not be parsed: {REPORTED}"
    assert failure.value.files == {card(2)}
    assert statuses(bank.settle("account")) == ["loaded"]


def test_it_alone_is_not_noted_as_taken_in(bank: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resources.files.folder_landing._TICK_NS", -1)
    intake(bank)
    assert sorted(taken_states(bank.ledger, "card")) == [card(1), card(3)]
    assert sorted(taken_states(bank.ledger, "account")) == [account(1)]


def test_several_are_all_named(bank: Home) -> None:
    bank.deliver(card(4), POISON)
    bank.deliver(card(5), cards(5))
    reported = str(intake(bank).failure)
    assert reported.startswith("2 deliveries could not be parsed: ")
    assert REPORTED in reported
    assert f"{card(4)} (card-000004: " in reported
    assert "card-000005" in parsed(bank, "card")


def test_a_corrected_file_of_the_name_ends_it(bank: Home) -> None:
    intake(bank)
    bank.deliver(card(2), cards(2))
    assert intake(bank).failure is None
    deliveries = bank.settle("card")
    assert statuses(deliveries) == ["loaded", "superseded", "loaded", "loaded"]
    assert deliveries.outstanding == ()
    assert bank.rows(deliveries, "disp_id") == [(1,), (2,), (3,)]


def test_a_corrected_file_of_the_name_ends_it_when_records_state_their_date(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_parser(monkeypatch)
    spec = home.feeds["transaction"]
    columns = ("trans_id", "account_id", "date", "type", "operation", "amount", "balance")
    home.feeds["transaction"] = spec.model_copy(
        update={"format": "delimited", "columns": columns, "supersedes": "same_date"}
    )
    home.deliver("transactions/t.parquet", POISON)
    assert intake(home).failure is not None
    home.deliver("transactions/t.parquet", "1,2,2024-05-01,credit,,1.00,1.00\n")
    assert intake(home).failure is None
    assert statuses(home.settle("transaction")) == ["superseded", "loaded"]


def test_another_file_of_the_date_ends_it_where_it_replaces_the_date(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_parser(monkeypatch)
    home.deliver(account(1, 6), POISON)
    assert intake(home).failure is not None
    home.deliver(account(1, 7), accounts(1))
    assert intake(home).failure is None
    assert statuses(home.settle("account")) == ["superseded", "loaded"]


class ClosedLanding(LocalLanding):
    """A landing zone with one file that may not be read: root, too, is to be refused."""

    def __init__(self, directory: Path, closed: str) -> None:
        super().__init__(directory)
        self.closed = closed

    def open(self, key: str) -> BinaryIO:
        if key == self.closed:
            raise PermissionError(13, "Permission denied", key)
        return super().open(key)


@pytest.mark.parametrize("known", [False, True])
def test_a_file_that_cannot_be_read_is_left_and_named(home: Home, known: bool) -> None:
    if known:
        home.deliver(card(1), cards(9))
        home.take_in()
    for day in (1, 2):
        home.deliver(card(day), cards(day))
    home.deliver(account(1), accounts(1))
    closed = ClosedLanding(home.landing_dir, card(1))
    result = replace(home.log(), landing=closed).take_in(DAY)
    assert [r.file for r in result.taken] == [account(1), card(2)]
    reported = f"1 files could not be read: {card(1)} (PermissionError). All else was taken in."
    assert str(result.failure) == reported
    assert is_new(closed, home.archive, home.ledger, home.feeds["card"])
    assert [r.file for r in home.take_in().taken] == [card(1)]


def test_what_the_archive_fails_with_is_not_the_file_s_fault(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.deliver(card(1), cards(1))
    (home.root / "archive").mkdir()
    (home.root / "archive" / "content").write_text("no folder")
    with pytest.raises(NotADirectoryError):
        home.take_in()


def test_a_name_that_is_no_text_is_left_out_and_shown(home: Home) -> None:
    home.deliver("visitors/v.csv", "a,1\n")
    for name in (b"visitors/\xfacty.csv", b"elsewhere/\xe9.txt"):
        home.deliver(os.fsdecode(name), "b,2\n")
    result = home.take_in()
    assert [r.file for r in result.taken] == ["visitors/v.csv"]
    assert result.unmatched == (r"elsewhere/\xe9.txt", r"visitors/\xfacty.csv")
    assert result.unread == {}
    assert not is_new(home.landing, home.archive, home.ledger, home.feeds["web_visitor_map"])
    assert unmatched(home.landing, home.feeds.values()) == list(result.unmatched)
