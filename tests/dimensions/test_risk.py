"""Days below zero, streaks and volatility, worked out by hand. D is 2024-05-23."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from tests.dimensions.small_bank import SmallBank, back, money
from tests.sql.sql_bank import D

DAYS, STREAK = "days_overdrawn_90d", "overdrawn_streak_days"
LOWEST, VOLATILITY = "lowest_balance_90d", "balance_volatility_90d"


def pick(row: dict[str, Any], *columns: str) -> tuple[Any, ...]:
    return tuple(row[f"risk_{c}"] for c in columns)


def one(bank: SmallBank, *columns: str, client: int = 1) -> tuple[Any, ...]:
    return pick(bank.dimension("risk")[client], *columns)


def balances(bank: SmallBank, account: int, *history: tuple[int, str]) -> None:
    for days, balance in history:
        bank.booked(account, back(days), "1", balance)


@pytest.fixture
def owner(bank: SmallBank) -> SmallBank:
    bank.client(1)
    bank.account(10, 1)
    return bank


def test_two_spells_and_a_current_streak(owner: SmallBank) -> None:
    """Below 0 from 50 to 41 days back (10 days) and from 4 days back on (5 days)."""
    balances(owner, 10, (60, "100"), (50, "-20"), (40, "0"), (4, "-5"), (2, "-9"))
    columns = (DAYS, STREAK, LOWEST, "accounts_overdrawn", "overdrawn_amount")
    assert one(owner, *columns) == (15, 5, money("-20"), 1, money("9"))


def test_zero_is_not_overdrawn(owner: SmallBank) -> None:
    balances(owner, 10, (10, "0"))
    columns = (DAYS, STREAK, LOWEST, "accounts_overdrawn", "overdrawn_amount")
    assert one(owner, *columns) == (0, 0, money("0"), 0, money("0"))


def test_a_day_that_ended_above_zero_was_not_overdrawn(owner: SmallBank) -> None:
    """Down to -500 within the day, and back; the streak of the last day is one day."""
    balances(owner, 10, (20, "100"), (10, "-500"), (10, "30"), (0, "40"), (0, "-1"))
    assert one(owner, DAYS, STREAK, LOWEST) == (1, 1, money("-1"))


def test_defect_a_streak_cut_off_where_another_account_began_it(owner: SmallBank) -> None:
    """Below 0 on one account from 130 days back, on the other from 95 until now: 131 days."""
    owner.account(20, 1)
    balances(owner, 20, (130, "-5"), (92, "10"))
    balances(owner, 10, (100, "50"), (95, "-1"))
    assert one(owner, DAYS, STREAK) == (90, 131)


def test_a_spell_that_ended_yesterday_is_no_streak(owner: SmallBank) -> None:
    balances(owner, 10, (3, "-1"), (0, "1"))
    assert one(owner, DAYS, STREAK) == (3, 0)


def test_a_streak_older_than_ninety_days(owner: SmallBank) -> None:
    """Overdrawn since 200 days back, after a spell that had ended 300 days back."""
    balances(owner, 10, (400, "-3"), (300, "5"), (200, "-7"), (150, "-8"), (10, "-6"))
    assert one(owner, DAYS, STREAK, LOWEST) == (90, 201, money("-8"))


def test_what_ended_before_the_ninety_days_does_not_count(owner: SmallBank) -> None:
    """Below 0 until 86 days back: four of the 90 days; the -99 of 100 days back is over."""
    balances(owner, 10, (100, "-99"), (95, "-2"), (85, "50"))
    assert one(owner, DAYS, STREAK, LOWEST) == (4, 0, money("-2"))


def test_a_day_counts_once_for_two_accounts(owner: SmallBank) -> None:
    """Days 20 to 11 back on one account, 15 to 6 back on the other: 15 days, not 20."""
    owner.account(11, 1)
    balances(owner, 10, (30, "5"), (20, "-5"), (10, "5"))
    balances(owner, 11, (30, "9"), (15, "-9"), (5, "9"))
    assert one(owner, DAYS, STREAK, LOWEST) == (15, 0, money("-9"))


def test_a_streak_goes_on_from_account_to_account(owner: SmallBank) -> None:
    """One from 9 to 5 days back, the other from 4 days back on: ten days in a row."""
    owner.account(11, 1)
    balances(owner, 10, (9, "-5"), (4, "5"))
    balances(owner, 11, (30, "9"), (4, "-9"))
    assert one(owner, DAYS, STREAK) == (10, 10)


def test_a_spell_within_another_accounts_spell(owner: SmallBank) -> None:
    owner.account(11, 1)
    balances(owner, 10, (9, "-5"))
    balances(owner, 11, (8, "-9"), (7, "1"), (3, "-1"))
    assert one(owner, DAYS, STREAK, "accounts_overdrawn") == (10, 10, 2)


def test_volatility_is_the_population_deviation_of_the_days(owner: SmallBank) -> None:
    """100 on 3 days and 200 on the last one: mean 125, variance 1875, root 43.30."""
    balances(owner, 10, (3, "100"), (0, "200"))
    assert one(owner, VOLATILITY) == (money("43.30"),)


def test_volatility_of_the_account_that_moved_most(owner: SmallBank) -> None:
    """Half the 90 days at 0, half at 90,000.50: 45,000.25; the other stayed at a million."""
    owner.account(11, 1)
    balances(owner, 10, (200, "0"), (44, "90000.50"))
    balances(owner, 11, (200, "10000000000.01"))
    assert one(owner, VOLATILITY) == (money("45000.25"),)


def test_a_joint_account_is_its_primary_owners(bank: SmallBank) -> None:
    bank.client(1, 2)
    bank.account(10, 2, 1)
    balances(bank, 10, (4, "-1"))
    found = bank.dimension("risk")
    assert pick(found[1], DAYS, STREAK, LOWEST) == (0, 0, None)
    assert pick(found[2], DAYS, STREAK, LOWEST) == (5, 5, money("-1"))


def test_delivered_again_counts_as_delivered_last(owner: SmallBank) -> None:
    wrong = owner.booked(10, back(30), "1", "-100")
    balances(owner, 10, (20, "5"))
    owner.booked(10, back(30), "1", "100", trans_id=wrong, business_date=back(1))
    owner.booked(10, back(30), "1", "-7", trans_id=wrong, business_date=D + dt.timedelta(days=1))
    balances(owner, 10, (-1, "-50"))
    assert one(owner, DAYS, STREAK, LOWEST) == (0, 0, money("5"))


def test_no_transactions_and_no_delivery_differ(bank: SmallBank, tmp_path: Path) -> None:
    columns = (DAYS, STREAK, "accounts_overdrawn", "overdrawn_amount", LOWEST, VOLATILITY)
    bank.client(1)
    bank.account(10, 1)
    assert one(bank, *columns) == (None,) * 6
    bank.booked(99, D, "1", "-1")
    assert one(bank, *columns) == (0, 0, 0, money("0"), None, None)
    assert bank.by_engine("risk", tmp_path) == bank.dimension("risk")
