"""Age, stage of life and income, worked out by hand. D is Thursday 2024-05-23."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from tests.dimensions.small_bank import SmallBank, back, day, money, rate
from tests.sql.sql_bank import D


def pick(row: dict[str, Any], *columns: str) -> tuple[Any, ...]:
    return tuple(row[f"demographic_{c}"] for c in columns)


def income(bank: SmallBank, client: int = 1) -> Any:
    return bank.dimension("demographic")[client]["demographic_monthly_income"]


@pytest.mark.parametrize(
    ("born", "as_of", "age"),
    [
        ("1980-05-23", "2024-05-23", 44),
        ("1980-05-24", "2024-05-23", 43),
        ("1980-12-31", "2024-12-30", 43),
        ("2000-02-29", "2023-02-28", 22),
        ("2000-02-29", "2023-03-01", 23),
        ("2000-02-29", "2024-02-28", 23),
        ("2000-02-29", "2024-02-29", 24),
        ("2000-02-28", "2023-02-28", 23),
        ("2024-05-23", "2024-05-23", 0),
        ("2024-05-24", "2024-05-23", None),
    ],
)
def test_age_is_completed_years(bank: SmallBank, born: str, as_of: str, age: int | None) -> None:
    bank.client(1, birth_date=day(born), age=99, business_date=day(as_of))
    assert pick(bank.dimension("demographic", day(as_of))[1], "age") == (age,)


@pytest.mark.parametrize(
    ("born", "marital", "head", "stage"),
    [
        ("2006-05-24", "S", "N", "minor"),
        ("2006-05-23", "S", "N", "young at home"),
        ("1998-05-24", "S", "Y", "young independent"),
        ("1998-05-23", "S", "Y", "single household"),
        ("1979-05-24", "M", "N", "family building"),
        ("1979-05-23", "M", "Y", "established family"),
        ("1959-05-24", "D", "Y", "established single"),
        ("1959-05-23", "D", "Y", "senior alone"),
        ("1979-05-23", None, None, "established"),
        (None, "M", "Y", None),
    ],
)
def test_stage_of_life(
    bank: SmallBank, born: str | None, marital: str | None, head: str | None, stage: str | None
) -> None:
    bank.client(
        1,
        birth_date=day(born) if born else None,
        marital_status=marital,
        head_of_household_flag=head,
    )
    assert pick(bank.dimension("demographic")[1], "life_stage") == (stage,)


def test_codes_of_crm_in_words(bank: SmallBank) -> None:
    said = {"home_ownership": "U", "marital_status": "D", "head_of_household_flag": "N"}
    bank.client(1, occupation="cook", **said)
    bank.client(2)
    found = bank.dimension("demographic")
    columns = ("home_ownership", "marital_status", "head_of_household", "occupation")
    assert pick(found[1], *columns) == ("unknown", "divorced", False, "cook")
    assert pick(found[2], *columns) == (None, None, None, None)


def salary(bank: SmallBank, account: int, *paid: tuple[str, str]) -> list[int]:
    return [bank.booked(account, day(date), amount, operation="CAB") for date, amount in paid]


def test_income_is_the_middle_amount_of_three_months(bank: SmallBank) -> None:
    """Gaps 29 and 31, spread 60 of 2030: 0.5 + 0.25 (1 - 60/406) + 0.25 (1 - 2/11)."""
    bank.client(1, 2)
    bank.account(10, 1)
    salary(bank, 10, ("2024-02-25", "2030"), ("2024-03-25", "2000"), ("2024-04-25", "2060"))
    found = bank.dimension("demographic")
    columns = ("monthly_income", "income_method", "income_confidence", "income_last_date")
    expected = (money("2030"), "recurring_credit", rate("0.9176"), day("2024-04-25"))
    assert pick(found[1], *columns) == expected
    assert pick(found[2], *columns) == (None, None, None, None)


def test_equal_amounts_at_equal_gaps_are_certain(bank: SmallBank) -> None:
    bank.client(1)
    bank.account(10, 1)
    for days in (60, 30, 0):
        bank.booked(10, back(days), "1500", operation="CAB")
    assert pick(bank.dimension("demographic")[1], "income_confidence") == (rate("1"),)


def test_two_occurrences_are_no_evidence(bank: SmallBank) -> None:
    bank.client(1)
    bank.account(10, 1)
    salary(bank, 10, ("2024-03-25", "2000"), ("2024-04-25", "2000"))
    assert income(bank) is None


@pytest.mark.parametrize(
    ("gaps", "found"),
    [((25, 25), True), ((24, 30), False), ((36, 36), True), ((37, 30), False), ((30, 37), False)],
)
def test_the_band_of_gaps(bank: SmallBank, gaps: tuple[int, int], found: bool) -> None:
    bank.client(1)
    bank.account(10, 1)
    for days in (10 + sum(gaps), 10 + gaps[0], 10):
        bank.booked(10, back(days), "2000", operation="CAB")
    assert (income(bank) is not None) == found


@pytest.mark.parametrize(("last", "found"), [("1200", True), ("1200.01", False), ("1000", True)])
def test_the_band_of_amounts(bank: SmallBank, last: str, found: bool) -> None:
    """1000, 1000 and 1200: a spread of exactly 20 % of the middle."""
    bank.client(1)
    bank.account(10, 1)
    for days, amount in ((70, "1000"), (40, "1000"), (10, last)):
        bank.booked(10, back(days), amount, operation="CAB")
    assert (income(bank) is not None) == found


@pytest.mark.parametrize(("days", "found"), [(36, True), (37, False)])
def test_an_income_that_stopped_is_none(bank: SmallBank, days: int, found: bool) -> None:
    bank.client(1)
    bank.account(10, 1)
    for earlier in (50, 25, 0):
        bank.booked(10, back(days + earlier), "2000", operation="CAB")
    assert (income(bank) is not None) == found


def test_other_credits_do_not_confuse_it(bank: SmallBank) -> None:
    bank.client(1)
    bank.account(10, 1)
    salary(bank, 10, ("2024-02-25", "2000"), ("2024-03-25", "2000"), ("2024-04-25", "2010"))
    for date, amount, operation in (
        ("2024-03-01", "9000", "CCK"),
        ("2024-04-01", "9000", "CCK"),
        ("2024-05-01", "9000", "CCK"),
        ("2024-03-05", "8000", "CAB"),
        ("2024-04-05", "300", "CAB"),
        ("2024-05-05", "5000", "CAB"),
        ("2024-03-24", "2050", "CAB"),
    ):
        bank.booked(10, day(date), amount, operation=operation)
    for month in (3, 4, 5):
        bank.booked(10, dt.date(2024, month, 7), "-6000", operation="CAB")
    assert income(bank) in (money("2000"), money("2010"))


def test_a_joint_account_pays_its_primary_owner(bank: SmallBank) -> None:
    """The owner of the lowest disposition is not in CRM: the next one is primary."""
    bank.client(1, 2)
    bank.account(10, 77, 2, 1)
    salary(bank, 10, ("2024-02-25", "2000"), ("2024-03-25", "2000"), ("2024-04-25", "2000"))
    assert [income(bank, c) for c in (1, 2)] == [None, money("2000")]


def test_the_larger_of_two_incomes(bank: SmallBank) -> None:
    bank.client(1)
    bank.account(10, 1)
    bank.account(11, 1)
    for account, amount in ((10, "700"), (11, "1900")):
        for days in (65, 35, 5):
            bank.booked(account, back(days), amount, operation="CAB")
    assert income(bank) == money("1900")


def test_nothing_after_the_business_date_and_each_once(bank: SmallBank) -> None:
    bank.client(1)
    bank.account(10, 1)
    first, *_ = salary(bank, 10, ("2024-03-25", "2000"), ("2024-04-25", "2000"))
    bank.booked(10, D + dt.timedelta(days=1), "2000", operation="CAB")
    # Delivered again under a later date: the first delivery no longer stands.
    bank.booked(10, day("2024-02-25"), "2000", operation="CAB", trans_id=first, business_date=D)
    assert income(bank) is None


def test_the_platforms_engine_gives_the_same(bank: SmallBank, tmp_path: Path) -> None:
    bank.client(1, birth_date=day("1980-02-29"), marital_status="M", home_ownership="O")
    bank.account(10, 1)
    salary(bank, 10, ("2024-02-25", "2030"), ("2024-03-25", "2000"), ("2024-04-25", "2060"))
    found = bank.by_engine("demographic", tmp_path)
    assert found == bank.dimension("demographic")
    assert pick(found[1], "monthly_income") == (money("2030"),)
