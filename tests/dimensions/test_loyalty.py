"""Tenure, activity and growth, worked out by hand. D is Thursday 2024-05-23."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from tests.dimensions.small_bank import SmallBank, back, day, money, rate
from tests.sql.sql_bank import D


def pick(row: dict[str, Any], *columns: str) -> tuple[Any, ...]:
    return tuple(row[f"loyalty_{c}"] for c in columns)


def one(bank: SmallBank, *columns: str, client: int = 1) -> tuple[Any, ...]:
    return pick(bank.dimension("loyalty")[client], *columns)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def card(bank: SmallBank, token: str, disp: int, issued: str, **more: Any) -> None:
    row = {"card_token": token, "disp_id": disp, "issued_datetime": at(issued)}
    bank.add("stage.card", row | more)


@pytest.mark.parametrize(
    ("created", "as_of", "years"),
    [
        ("2014-05-23T23:59:59", "2024-05-23", "10"),
        ("2014-05-24", "2024-05-23", "9.9167"),
        ("2024-05-23", "2024-05-23", "0"),
        ("2024-01-31", "2024-02-29", "0.0833"),
        ("2024-01-31", "2024-02-28", "0"),
        ("2020-02-29", "2023-02-28", "3"),
        ("2020-02-29", "2024-02-28", "3.9167"),
        ("2023-12-23", "2024-05-23", "0.4167"),
    ],
)
def test_tenure_in_completed_months(bank: SmallBank, created: str, as_of: str, years: str) -> None:
    bank.client(1, client_created_date=at(created), business_date=day(as_of))
    (row,) = bank.dimension("loyalty", day(as_of)).values()
    assert pick(row, "since_date", "tenure_years") == (at(created).date(), rate(years))


def test_tenure_from_the_earliest_account_where_crm_does_not_say(bank: SmallBank) -> None:
    """Client 1 is a second owner of the older; client 2 may use it only; 3 is of tomorrow."""
    bank.client(1, 2)
    bank.client(3, client_created_date=at(f"{D + dt.timedelta(days=1)}"))
    bank.account(10, 3, 1, created="2021-11-23T10:00:00")
    bank.account(11, 1, created="2023-05-23")
    bank.disposition(2, 10, "user")
    found = bank.dimension("loyalty")
    columns = ("since_date", "tenure_years")
    assert pick(found[1], *columns) == (day("2021-11-23"), rate("2.5"))
    assert pick(found[2], *columns) == (None, None)
    assert pick(found[3], *columns) == (day("2021-11-23"), rate("2.5"))


def test_interactions_a_month(bank: SmallBank) -> None:
    """Two transactions and two sessions in 90 days: 4 x 30 / 90."""
    bank.client(1, 2)
    bank.account(10, 1)
    for days in (90, 89, 0, -1):
        bank.booked(10, back(days), "1", "1")
    bank.link("v", 1)
    bank.link("w", 1, 2)
    for number, (visitor, days) in enumerate([("v", 90), ("v", 89), ("w", 0), ("w", -1)]):
        bank.visit(visitor, number, back(days), business_date=D)
    columns = ("transactions_90d", "web_sessions_90d", "recency_days")
    rates = ("transactions_a_month", "web_sessions_a_month", "interactions_a_month")
    assert one(bank, *columns) == (2, 2, 0)
    assert one(bank, *rates) == (rate("0.6667"), rate("0.6667"), rate("1.3333"))
    assert one(bank, *columns, client=2) == (0, 1, None)
    assert one(bank, *rates, client=2) == (rate("0"), rate("0.3333"), rate("0.3333"))


def test_a_session_delivered_again_counts_as_delivered_last(bank: SmallBank) -> None:
    bank.client(1)
    bank.link("v", 1)
    bank.visit("v", 1, back(3), business_date=back(3))
    bank.visit("v", 1, back(3), business_date=back(1))
    bank.visit("v", 2, back(3), business_date=back(3))
    bank.visit("v", 2, back(200), business_date=back(1))
    assert one(bank, "web_sessions_90d") == (1,)


def test_active_months_are_calendar_months(bank: SmallBank) -> None:
    """June 2023 is the first of the 12; its last day and 1 July are two months; May 31 is none."""
    bank.client(1)
    bank.account(10, 1)
    bank.account(11, 1)
    for date in ("2023-05-31", "2023-06-30", "2023-07-01", "2024-02-29", "2024-05-01"):
        bank.booked(10, day(date), "1", "1")
    for date in ("2024-02-01", "2024-05-23", "2024-05-24"):
        bank.booked(11, day(date), "1", "1")
    assert one(bank, "active_months_12m", "recency_days") == (4, 0)


def test_new_accounts_and_cards_of_twelve_months(bank: SmallBank) -> None:
    """The window begins on 2023-05-24: add_months(2024-05-24, -12)."""
    bank.client(1, 2)
    bank.account(10, 1, created="2023-05-23T23:59:59")
    bank.account(11, 1, 2, created="2023-05-24")
    bank.account(12, 1, created=f"{D}T23:00:00")
    bank.account(13, 1, created=f"{D + dt.timedelta(days=1)}")
    bank.disposition(1, 12)
    card(bank, "a", 1, "2023-05-23T23:59:59")
    card(bank, "b", 1, "2023-05-24")
    card(bank, "c", 3, f"{D}T12:00:00")
    card(bank, "d", 1, "2024-01-01", business_date=back(9))
    card(bank, "d", 1, "2020-01-01", business_date=back(2))
    found = bank.dimension("loyalty")
    columns = ("new_accounts_12m", "new_cards_12m")
    assert [pick(found[c], *columns) for c in (1, 2)] == [(2, 1), (1, 1)]


def test_growth_over_three_and_six_months(bank: SmallBank) -> None:
    """Before 2024-02-24 it was 150.10, before 2023-11-24 it was 300: now 200.15."""
    bank.client(1)
    bank.account(10, 1)
    history = [
        ("2023-11-23", "300"),
        ("2023-11-24", "120"),
        ("2024-02-23", "9"),
        ("2024-02-23", "150.10"),
        ("2024-02-24", "77"),
        ("2024-05-23", "200.15"),
        ("2024-05-24", "1000"),
    ]
    for date, balance in history:
        bank.booked(10, day(date), "1", balance)
    columns = ("asset_growth_3m", "asset_growth_ratio_3m", "asset_growth_6m")
    expected = (money("50.05"), rate("0.3334"), money("-99.85"))
    assert one(bank, *columns) == expected
    assert one(bank, "asset_growth_ratio_6m") == (rate("-0.3328"),)


def test_growth_from_a_month_end(bank: SmallBank) -> None:
    """On 2024-05-30 three months begin on 2024-02-29: add_months(2024-05-31, -3)."""
    as_of = day("2024-05-30")
    bank.client(1)
    bank.account(10, 1)
    for date, balance in (("2024-02-28", "10"), ("2024-02-29", "15"), ("2024-05-30", "16")):
        bank.booked(10, day(date), "1", balance)
    (row,) = bank.dimension("loyalty", as_of).values()
    assert pick(row, "asset_growth_3m") == (money("6"),)


def test_growth_of_a_new_account_and_from_nothing(bank: SmallBank) -> None:
    """The bank's history is old enough: an account without a transaction then held 0."""
    bank.client(1, 2, 3)
    for account, client in ((10, 1), (11, 1), (12, 2), (13, 3)):
        bank.account(account, client)
    bank.booked(10, back(150), "1", "40")
    bank.booked(11, back(5), "1", "20")
    bank.booked(12, back(5), "1", "20")
    bank.booked(13, back(300), "1", "-10")
    bank.booked(13, back(5), "1", "5")
    found = bank.dimension("loyalty")
    columns = ("asset_growth_3m", "asset_growth_ratio_3m", "asset_growth_6m")
    assert pick(found[1], *columns) == (money("20"), rate("0.5"), money("60"))
    assert pick(found[2], *columns) == (money("20"), None, money("20"))
    assert pick(found[3], *columns) == (money("15"), None, money("15"))


def test_no_growth_is_claimed_before_the_banks_history(bank: SmallBank) -> None:
    bank.client(1)
    bank.account(10, 1)
    bank.booked(10, back(120), "1", "40")
    bank.booked(10, D, "1", "50")
    assert one(bank, "asset_growth_3m", "asset_growth_6m") == (money("10"), None)


def test_delivered_again_counts_as_delivered_last(bank: SmallBank) -> None:
    """A transaction first delivered for 4 days back is of 250 days back: one is left of 90 days."""
    bank.client(1)
    bank.account(10, 1)
    wrong = bank.booked(10, back(4), "900", "900")
    bank.booked(10, back(6), "1", "30")
    bank.booked(10, back(250), "90", "20", trans_id=wrong, business_date=back(2))
    columns = ("transactions_90d", "recency_days", "asset_growth_3m", "asset_growth_6m")
    assert one(bank, *columns) == (1, 6, money("10"), money("10"))


def test_no_delivery_is_null_and_nothing_is_zero(bank: SmallBank, tmp_path: Path) -> None:
    feeds = ("new_accounts_12m", "new_cards_12m", "transactions_90d", "active_months_12m")
    web = ("web_sessions_90d", "interactions_a_month")
    bank.client(1)
    assert one(bank, *feeds, *web) == (None,) * 6
    bank.account(10, 99)
    assert one(bank, *feeds, *web) == (0, None, None, None, None, None)
    card(bank, "a", 77, "2024-01-01")
    bank.booked(10, D, "1", "1")
    assert one(bank, *feeds, *web) == (0, 0, 0, 0, None, None)
    bank.link("v", 99)
    bank.visit("v", 1, D)
    assert one(bank, *feeds, *web) == (0, 0, 0, 0, 0, rate("0"))
    assert one(bank, "recency_days", "asset_growth_3m", "tenure_years") == (None, None, None)
    assert bank.by_engine("loyalty", tmp_path) == bank.dimension("loyalty")
