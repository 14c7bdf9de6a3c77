"""Which dates wait for a delivery that cannot be parsed; all others are made."""

from __future__ import annotations

import datetime as dt

import pytest

from customer360_assets.deliveries.feed_deliveries import (
    FeedDeliveries,
    parse_outstanding,
    read_deliveries,
)
from customer360_assets.deliveries.waiting import (
    Waiting,
    complete_before,
    unparsed_finding,
    waiting,
)
from tests.deliveries.breaking import POISON, break_parser
from tests.deliveries.raw_home import Home
from tests.deliveries.test_in_force import MAY_1, MAY_2, account, accounts, card, cards

FILE = "transactions/t.csv"
COLUMNS = ("trans_id", "account_id", "date", "type", "operation", "amount", "balance")


@pytest.fixture(autouse=True)
def _broken(monkeypatch: pytest.MonkeyPatch) -> None:
    break_parser(monkeypatch)


def parsed(home: Home, feed: str) -> FeedDeliveries:
    home.take_in()
    return parse_outstanding(read_deliveries(home.job(feed)))


def records(*dates: dt.date) -> str:
    return "".join(f"{i},2,{date},credit,,1.00,1.00\n" for i, date in enumerate(dates, 1))


@pytest.fixture
def dated_by_record(home: Home) -> Home:
    """A home whose transactions are text, each record with its date."""
    spec = home.feeds["transaction"]
    home.feeds["transaction"] = spec.model_copy(
        update={"format": "delimited", "columns": COLUMNS, "pattern": "*.csv"}
    )
    return home


@pytest.mark.parametrize("name", [card, account])
def test_a_file_dated_by_its_name_holds_up_its_date_alone(home: Home, name: object) -> None:
    feed = "card" if name is card else "account"
    one, two = (card(1), card(2)) if feed == "card" else (account(1), account(2))
    home.deliver(one, cards(1) if feed == "card" else accounts(1))
    home.deliver(two, POISON)
    deliveries = parsed(home, feed)
    assert waiting(deliveries) == Waiting(frozenset({MAY_2}))
    assert complete_before([deliveries]) == MAY_2
    assert [d.file for d, _ in deliveries.failures] == [two]


def test_nothing_waits_when_all_was_parsed(home: Home) -> None:
    home.deliver(card(1), cards(1))
    deliveries = parsed(home, "card")
    assert waiting(deliveries) == Waiting()
    assert complete_before([deliveries]) == dt.date.max
    assert unparsed_finding(deliveries, ()).passed


def test_records_of_a_file_that_was_never_read_may_be_of_any_date(dated_by_record: Home) -> None:
    home = dated_by_record
    home.deliver("transactions/s.csv", records(MAY_1))
    home.deliver(FILE, POISON)
    deliveries = parsed(home, "transaction")
    assert waiting(deliveries) == Waiting(anywhere=True)
    assert complete_before([deliveries]) == dt.date.min
    found = unparsed_finding(deliveries, ())
    assert not found.passed
    assert FILE in found.sentence
    assert found.sentence.endswith("Their records may be of any date, and are in none.")


def test_dates_of_the_file_that_it_replaces_wait(dated_by_record: Home) -> None:
    home = dated_by_record
    home.deliver("transactions/s.csv", records(MAY_1))
    home.deliver(FILE, records(MAY_2))
    parsed(home, "transaction")
    home.deliver(FILE, POISON)
    assert waiting(parsed(home, "transaction")) == Waiting(frozenset({MAY_2}), anywhere=True)


def test_dates_of_an_earlier_parse_are_known(
    dated_by_record: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = dated_by_record
    home.deliver(FILE, records(MAY_2, MAY_2))
    parsed(home, "transaction")
    monkeypatch.setattr("tests.deliveries.breaking.POISON", records(MAY_2, MAY_2).encode())
    home.feeds["transaction"] = home.feeds["transaction"].model_copy(update={"nulls": ("none",)})
    assert waiting(parsed(home, "transaction")) == Waiting(frozenset({MAY_2}))


def test_a_sound_file_in_its_place_ends_it(home: Home) -> None:
    home.deliver(card(1), POISON)
    assert waiting(parsed(home, "card")) == Waiting(frozenset({MAY_1}))
    home.deliver(card(1), cards(1))
    assert waiting(parsed(home, "card")) == Waiting()


def test_a_date_that_was_tried_has_another_version_once_its_delivery_is_parsed(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.deliver(card(1), POISON)
    tried = parsed(home, "card").expected_versions[MAY_1]
    stands = read_deliveries(home.job("card"))
    assert stands.expected_versions == {MAY_1: tried}
    monkeypatch.undo()
    assert parsed(home, "card").expected_versions != {MAY_1: tried}
