"""Accounts with very many collections: the same income as before, or none by rule, at linear cost.

What a query does is counted in rows that its operators hand on, not in seconds.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from resources.dialect.athena_sql import to_duckdb
from tests.dimensions.small_bank import SmallBank, back, money
from tests.sql.sql_bank import SQL, D

DAYS = 100


def collect(bank: SmallBank, amounts: list[int]) -> None:
    """Book the amounts on account 10 of client 1, one a day over and over the 100 days."""
    bank.client(1)
    bank.account(10, 1)
    of_all = {"account_id": 10, "type": "credit", "operation": "CAB"}
    bank.add(
        "stage.transaction",
        *(
            {
                "trans_id": number,
                "date": back(number % DAYS),
                "business_date": back(number % DAYS),
                "amount": Decimal(amount),
                **of_all,
            }
            for number, amount in enumerate(amounts)
        ),
    )


def income(bank: SmallBank) -> Any:
    return bank.dimension("demographic")[1]["demographic_monthly_income"]


def rows_handed_on(bank: SmallBank, folder: Path) -> int:
    """Return the rows that all operators of the dimension's plan give, together."""
    file = folder / "profile.json"
    bank.db.execute("PRAGMA enable_profiling = 'json'")
    bank.db.execute(f"SET profiling_output = '{file}'")
    bank.db.execute(to_duckdb((SQL / "dimensions" / "demographic.sql").read_text()), [D]).fetchall()
    bank.db.execute("PRAGMA disable_profiling")
    return _rows(json.loads(file.read_text()))


def _rows(operator: dict[str, Any]) -> int:
    below = sum(_rows(child) for child in operator.get("children", []))
    return int(operator.get("operator_cardinality", 0)) + below


def test_equal_collections_of_a_day_count_as_one(bank: SmallBank) -> None:
    """Four a day for 100 days are 400 collections, and 100 different ones."""
    collect(bank, [1500] * 4 * DAYS)
    assert income(bank) == money("1500")


def test_the_latest_of_equal_collections_is_the_one_compared(bank: SmallBank) -> None:
    bank.client(1)
    bank.account(10, 1)
    for days in (60, 30, 0):
        for _ in range(3):
            bank.booked(10, back(days), "1500", operation="CAB")
    row = bank.dimension("demographic")[1]
    assert row["demographic_income_confidence"] == Decimal("1.0000")
    assert row["demographic_income_last_date"] == D


@pytest.mark.parametrize(("different", "expected"), [(100, money("1500")), (101, None)])
def test_more_than_one_collection_a_day_is_a_business(
    bank: SmallBank, different: int, expected: Decimal | None
) -> None:
    collect(bank, [1500] * 100 + [7] * (different - 100))
    assert income(bank) == expected


def test_a_business_account_does_not_hide_the_salary_on_another(bank: SmallBank) -> None:
    collect(bank, list(range(5000, 5300)))
    bank.account(11, 1)
    for days in (65, 35, 5):
        bank.booked(11, back(days), "1900", operation="CAB", trans_id=1000 + days)
    assert income(bank) == money("1900")


@pytest.mark.parametrize("different", [False, True], ids=["equal", "different"])
def test_work_grows_no_faster_than_collections(
    bank: SmallBank, tmp_path: Path, *, different: bool
) -> None:
    count = 20_000
    collect(bank, [1000 + number % 190 * different for number in range(count)])
    # 100 different ones, the most that are compared, make 100 x 12 x 12 series at most.
    assert rows_handed_on(bank, tmp_path) < 20 * count + 10 * DAYS * 12 * 12
