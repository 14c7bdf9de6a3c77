"""Home branch and places of web visits, counted by hand."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from tests.dimensions.small_bank import SmallBank, back, rate
from tests.sql.sql_bank import D


def pick(row: dict[str, Any], *columns: str) -> tuple[Any, ...]:
    return tuple(row[f"geo_{c}"] for c in columns)


def one(bank: SmallBank, *columns: str, client: int = 1) -> tuple[Any, ...]:
    return pick(bank.dimension("geographic")[client], *columns)


def visits(bank: SmallBank, *places: tuple[str | None, str | None, str | None]) -> None:
    """Sessions of visitor v in order of time."""
    for country, region, city in places:
        bank.visit("v", bank.next(), D, country=country, region=region, city=city)


def share(bank: SmallBank, of: str) -> tuple[Any, ...]:
    columns = ("", "_sessions", "_known_sessions", "_share")
    return one(bank, *(f"web_{of}{c}" for c in columns))


def test_home_branch_is_that_of_the_oldest_account_owned(bank: SmallBank) -> None:
    bank.client(1, 2, 3)
    bank.account(12, 1, created="2020-01-01", branch=7)
    bank.account(11, 1, created="2020-01-01", branch=5)
    bank.account(10, 1, created="2021-01-01", branch=7)
    bank.account(9, 2, 1, created="2022-01-01", branch=4)
    bank.account(8, 2, created="2019-01-01", branch=3)
    bank.disposition(1, 8, "user")
    bank.account(7, 3, created="2099-01-01", branch=9)
    found = bank.dimension("geographic")
    columns = ("home_branch_id", "branches")
    rows = [pick(found[c], *columns) for c in (1, 2, 3)]
    assert rows == [(5, 3), (3, 2), (None, 0)]


def test_places_with_their_shares(bank: SmallBank) -> None:
    bank.client(1)
    bank.link("v", 1)
    visits(
        bank,
        ("Spain", "Madrid", "Madrid"),
        ("Spain", "Madrid", None),
        ("Spain", "Catalonia", "Barcelona"),
        ("Spain", "Catalonia", "Barcelona"),
        ("Spain", None, None),
        ("Chile", "Biobio", "Concepcion"),
        (None, None, None),
    )
    assert one(bank, "web_sessions") == (7,)
    assert share(bank, "country") == ("Spain", 5, 6, rate("0.8333"))
    # Two sessions each: Catalonia is the more recent.
    assert share(bank, "region") == ("Catalonia", 2, 5, rate("0.4"))
    assert share(bank, "city") == ("Barcelona", 2, 4, rate("0.5"))


def test_cities_of_one_name_are_not_one_city(bank: SmallBank) -> None:
    bank.client(1)
    bank.link("v", 1)
    visits(
        bank,
        ("US", "Ohio", "Springfield"),
        ("US", "Texas", "Springfield"),
        ("US", "Iowa", "Ames"),
        ("US", "Iowa", "Ames"),
        ("US", "Maine", "Springfield"),
    )
    assert share(bank, "city") == ("Ames", 2, 5, rate("0.4"))


def test_a_tie_goes_to_the_most_recent_then_the_alphabet(bank: SmallBank) -> None:
    bank.client(1)
    bank.link("v", 1)
    bank.link("w", 1)
    for visitor, country in (("v", "Peru"), ("w", "Cuba")):
        bank.visit(visitor, 5, D, country=country)
    assert share(bank, "country") == ("Cuba", 1, 2, rate("0.5"))
    bank.visit("v", 6, D, country="Zambia")
    assert share(bank, "country") == ("Zambia", 1, 3, rate("0.3333"))


def test_a_session_counts_once_for_each_client_as_delivered_last(bank: SmallBank) -> None:
    bank.client(1, 2)
    bank.link("v", 1, 2, 99)
    bank.link("w", 2)
    bank.visit("v", 1, back(5), country="Peru", business_date=back(5))
    bank.visit("v", 1, back(5), country="Cuba", business_date=back(2))
    bank.visit("v", 1, back(5), country="Chad", business_date=D + dt.timedelta(days=1))
    bank.visit("w", 2, D + dt.timedelta(days=1), country="Chad")
    found = bank.dimension("geographic")
    columns = ("web_sessions", "web_country", "web_country_share")
    assert [pick(found[c], *columns) for c in (1, 2)] == [(1, "Cuba", rate("1"))] * 2


def test_no_delivery_is_null_and_nothing_is_zero(bank: SmallBank, tmp_path: Path) -> None:
    columns = ("branches", "web_sessions", "web_city_sessions", "web_city_known_sessions")
    bank.client(1)
    assert one(bank, *columns) == (None,) * 4
    bank.account(10, 99)
    bank.link("v", 99)
    assert one(bank, *columns) == (0, None, None, None)
    bank.visit("v", 1, D, city="Rome")
    assert one(bank, *columns) == (0, 0, 0, 0)
    assert share(bank, "city") == (None, 0, 0, None)
    assert one(bank, "home_branch_id") == (None,)
    assert bank.by_engine("geographic", tmp_path) == bank.dimension("geographic")
