"""Balances, flows, scores and segments, worked out by hand. D is 2024-05-23."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from tests.dimensions.small_bank import SmallBank, back, day, money
from tests.sql.sql_bank import D


def pick(row: dict[str, Any], *columns: str) -> tuple[Any, ...]:
    return tuple(row[f"value_{c}"] for c in columns)


def one(bank: SmallBank, *columns: str, client: int = 1, as_of: dt.date = D) -> tuple[Any, ...]:
    return pick(bank.dimension("client_value", as_of)[client], *columns)


def owner(bank: SmallBank) -> None:
    bank.client(1)
    bank.account(10, 1)


AVERAGE = "average_daily_balance_90d"


def test_average_daily_balance_is_balance_times_days_held(bank: SmallBank) -> None:
    """1000 for 60 days (the opening), 400 for 20, 700 for the last 10: 75,000 / 90."""
    owner(bank)
    bank.booked(10, back(300), "1000", "1000")
    bank.booked(10, back(29), "-600", "400")
    bank.booked(10, back(9), "300", "700")
    expected = (money("700"), money("833.33"))
    assert one(bank, "balance", AVERAGE) == expected


@pytest.mark.parametrize(("days", "expected"), [(89, "900"), (90, "900"), (0, "10"), (44, "450")])
def test_days_before_the_first_balance_count_as_zero(
    bank: SmallBank, days: int, expected: str
) -> None:
    owner(bank)
    bank.booked(10, back(days), "900", "900")
    assert one(bank, AVERAGE) == (money(expected),)


def test_half_a_cent_is_rounded_up(bank: SmallBank) -> None:
    """0.45 for one day of 90 is 0.005."""
    owner(bank)
    bank.booked(10, D, "0.45", "0.45")
    assert one(bank, AVERAGE) == (money("0.01"),)


def test_defect_half_a_cent_rounded_twice(bank: SmallBank) -> None:
    """0.44 for 89 days and 0.89 for one are 40.05: a ninetieth is 0.445, as a double below it."""
    owner(bank)
    bank.booked(10, back(89), "0.44", "0.44")
    bank.booked(10, D, "0.45", "0.89")
    assert one(bank, AVERAGE) == (money("0.45"),)


def test_a_day_has_the_balance_that_it_ended_with(bank: SmallBank) -> None:
    """Delivered out of order: trans_id orders a day. 5000 holds for no day; 90 for 10 days."""
    owner(bank)
    bank.booked(10, back(9), "-4910", "90", trans_id=52)
    bank.booked(10, back(9), "5000", "5000", trans_id=51)
    bank.booked(10, back(200), "7", "7", trans_id=12)
    bank.booked(10, back(200), "-7", "0", trans_id=13)
    assert one(bank, "balance", AVERAGE) == (money("90"), money("10"))


def test_a_balance_of_exactly_zero_is_one(bank: SmallBank) -> None:
    owner(bank)
    bank.booked(10, back(100), "9", "9")
    bank.booked(10, back(95), "-9", "0")
    assert one(bank, "balance", AVERAGE, "transactions_90d") == (money("0"), money("0"), 0)


def test_a_transaction_without_a_balance_leaves_the_last_stated(bank: SmallBank) -> None:
    owner(bank)
    bank.booked(10, back(120), "80", "80")
    bank.booked(10, back(110), "1")
    bank.booked(10, back(30), "-1")
    found = one(bank, "balance", AVERAGE, "transactions_90d", "debits_90d")
    assert found == (money("80"), money("80"), 1, money("1"))


def test_flows_of_ninety_days(bank: SmallBank) -> None:
    owner(bank)
    bank.booked(10, back(90), "5000", "5000")
    bank.booked(10, back(89), "100.10", "5100.10")
    bank.booked(10, D, "-30.05", "5070.05")
    bank.booked(10, D + dt.timedelta(days=1), "999", "6069.05")
    columns = ("credits_90d", "debits_90d", "net_flow_90d", "transactions_90d", "balance")
    expected = (money("100.10"), money("30.05"), money("70.05"), 2, money("5070.05"))
    assert one(bank, *columns) == expected


def test_a_joint_account_counts_for_its_primary_owner_alone(bank: SmallBank) -> None:
    bank.client(1, 2)
    bank.account(10, 2, 1)
    bank.account(11, 1)
    bank.disposition(2, 11, "user")
    bank.booked(10, back(10), "50", "50")
    bank.booked(11, back(10), "7", "7")
    found = bank.dimension("client_value")
    assert pick(found[1], "accounts", "balance") == (1, money("7"))
    assert pick(found[2], "accounts", "balance") == (1, money("50"))


def test_delivered_again_counts_as_delivered_last(bank: SmallBank) -> None:
    owner(bank)
    wrong = bank.booked(10, back(5), "900", "900")
    bank.booked(10, back(4), "1", "901")
    bank.booked(10, back(6), "90", "90", trans_id=wrong, business_date=back(2))
    bank.booked(10, back(3), "77", "978", trans_id=wrong, business_date=D + dt.timedelta(days=1))
    columns = ("transactions_90d", "credits_90d", "balance")
    assert one(bank, *columns) == (2, money("91"), money("901"))
    assert one(bank, *columns, as_of=back(0)) == (2, money("91"), money("901"))


@pytest.mark.parametrize(
    ("days", "score", "segment"),
    [
        (0, 5, "occasional"),
        (7, 5, "occasional"),
        (8, 4, "occasional"),
        (14, 4, "occasional"),
        (15, 3, "occasional"),
        (30, 3, "occasional"),
        (31, 2, "at risk"),
        (90, 2, "at risk"),
        (91, 1, "dormant"),
    ],
)
def test_recency_at_the_cut_points(bank: SmallBank, days: int, score: int, segment: str) -> None:
    owner(bank)
    bank.booked(10, back(days), "1", "1")
    columns = ("recency_days", "recency_score", "segment")
    assert one(bank, *columns) == (days, score, segment)


@pytest.mark.parametrize(
    ("times", "score"),
    [(2, 1), (3, 2), (11, 2), (12, 3), (29, 3), (30, 4), (59, 4), (60, 5)],
)
def test_frequency_at_the_cut_points(bank: SmallBank, times: int, score: int) -> None:
    owner(bank)
    for n in range(times):
        bank.booked(10, back(n), "-1", "1")
    assert one(bank, "frequency_score", "transactions_90d") == (score, times)


@pytest.mark.parametrize(
    ("credit", "score"),
    [
        ("599.99", 1),
        ("600", 2),
        ("2999.99", 2),
        ("3000", 3),
        ("7499.99", 3),
        ("7500", 4),
        ("14999.99", 4),
        ("15000", 5),
    ],
)
def test_monetary_at_the_cut_points(bank: SmallBank, credit: str, score: int) -> None:
    owner(bank)
    bank.booked(10, D, credit, credit)
    assert one(bank, "monetary_score") == (score,)


@pytest.mark.parametrize(
    ("times", "credit", "last", "segment"),
    [
        (30, "7500", 0, "champion"),
        (30, "7500", 15, "high value"),
        (3, "7500", 0, "high value"),
        (30, "600", 0, "loyal"),
        (12, "600", 0, "regular"),
        (3, "3000", 0, "regular"),
        (3, "600", 0, "occasional"),
    ],
)
def test_segments(bank: SmallBank, times: int, credit: str, last: int, segment: str) -> None:
    owner(bank)
    bank.booked(10, back(last), credit, "1")
    for _ in range(times - 1):
        bank.booked(10, back(last), "-1", "1")
    assert one(bank, "segment") == (segment,)


def test_equal_clients_have_equal_scores(bank: SmallBank) -> None:
    bank.client(*range(1, 8))
    for client in range(1, 8):
        bank.account(client, client)
        bank.booked(client, back(3), "700", "700")
    found = bank.dimension("client_value").values()
    scores = {pick(r, "recency_score", "frequency_score", "monetary_score") for r in found}
    assert scores == {(5, 1, 2)}


def test_no_transactions_and_no_delivery_differ(bank: SmallBank, tmp_path: Path) -> None:
    columns = ("accounts", "transactions_90d", "net_flow_90d", "monetary_score", "segment")
    bank.client(1, 2)
    assert one(bank, *columns) == (None, None, None, None, None)
    bank.account(10, 1)
    assert one(bank, *columns) == (1, None, None, None, None)
    bank.booked(99, D, "1", "1", business_date=D + dt.timedelta(days=1))
    assert one(bank, *columns) == (1, None, None, None, None)
    bank.booked(99, D, "1", "1")
    assert one(bank, *columns) == (1, 0, money("0"), 1, "inactive")
    assert one(bank, *columns, client=2) == (0, 0, money("0"), 1, "inactive")
    assert one(bank, "balance", AVERAGE, "recency_days") == (None, None, None)
    found = bank.by_engine("client_value", tmp_path)
    assert found == bank.dimension("client_value")


def test_the_window_over_a_leap_day(bank: SmallBank) -> None:
    """90 days up to 2024-03-31 begin on 2024-01-02."""
    owner(bank)
    bank.booked(10, day("2024-01-01"), "1", "1")
    bank.booked(10, day("2024-01-02"), "2", "3")
    bank.client(1, business_date=day("2024-03-31"))
    bank.add(
        "stage.disposition",
        {"disp_id": 1, "client_id": 1, "account_id": 10, "type": "owner"},
        business_date=day("2024-03-31"),
    )
    found = one(bank, "credits_90d", "recency_days", as_of=day("2024-03-31"))
    assert found == (money("2"), 89)
