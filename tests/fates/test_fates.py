"""Repeats, records that share a key, and optional values that break a rule."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from customer360_assets.fates.conflicts import CONFLICT
from customer360_assets.fates.rows import Fates
from tests.fates.staging import DAY, Staging, lines, lines_aside, published

NOON = dt.datetime(2024, 5, 23, 12)  # noqa: DTZ001 (as raw has it)


def movement(number: int, account: int, amount: str, **more: Any) -> dict[str, Any]:
    return {
        "trans_id": number,
        "trans_scope": "",
        "account_id": account,
        "date": NOON,
        "type": "credit",
        "operation": "CCK",
        "amount": Decimal(amount),
        "balance": Decimal(amount),
        **more,
    }


def client(number: int, **more: Any) -> dict[str, Any]:
    return {"client_id": number, "birth_date": dt.date(1980, 2, 29), "marital_status": "M", **more}


def accounted(fates: Fates) -> int:
    return fates.rows + fates.repeated + sum(fates.quarantined.values())


@pytest.fixture
def transactions(tmp_path: Path) -> Staging:
    return Staging.of("transaction", tmp_path)


@pytest.fixture
def customers(tmp_path: Path) -> Staging:
    return Staging.of("customer", tmp_path)


def test_two_different_records_with_one_key_are_not_a_repeat(transactions: Staging) -> None:
    fates = transactions.run([movement(1, 576, "5000.00"), movement(1, 3818, "3.00")])
    assert published(fates, "account_id", "amount") == [(3818, Decimal("3.00"))]
    assert (lines(fates), fates.repeated) == ({CONFLICT: [1]}, 0)
    assert accounted(fates) == 2
    assert fates.totals == {"amount": "0.00", "balance": "0.00"}


def test_equal_content_is_a_repeat(transactions: Staging) -> None:
    twice = movement(1, 576, "5000.00")
    fates = transactions.run([twice, twice, movement(2, 576, "1.00"), twice])
    assert published(fates, "trans_id", "line_no") == [(1, 4), (2, 3)]
    assert (lines(fates), fates.repeated, fates.quarantined) == ({}, 2, {})


def test_one_value_less_is_other_content(transactions: Staging) -> None:
    fates = transactions.run([movement(1, 5, "1.00", operation=None), movement(1, 5, "1.00")])
    assert (lines(fates), fates.repeated) == ({CONFLICT: [1]}, 0)


def test_a_repeat_of_a_refused_record_is_a_repeat(transactions: Staging) -> None:
    broken = movement(1, 5, "1.00", type="?")
    fates = transactions.run([broken, broken, movement(1, 6, "1.00")])
    assert published(fates, "account_id") == [(6,)]
    # Of these three the last one stands by the order of delivery; both others differ from it.
    assert lines(fates) == {CONFLICT: [1, 2]}
    fates = transactions.run([movement(2, 6, "1.00"), {**broken, "trans_id": 2}])
    assert lines(fates) == {CONFLICT: [1], "type:isin": [2]}


def test_numbers_that_count_per_account_are_all_kept(transactions: Staging) -> None:
    rows = [movement(1, a, "5.00", trans_scope=str(a)) for a in (576, 3818)]
    fates = transactions.run([*rows, rows[0]])
    assert published(fates, "account_id", "trans_id") == [(3818, 1), (576, 1)]
    assert (lines(fates), fates.repeated) == ({}, 1)


def test_an_unknown_code_of_an_optional_column_keeps_the_client(customers: Staging) -> None:
    fates = customers.run([client(1, marital_status="W"), client(2), client(3, age=200)])
    assert published(fates, "client_id", "marital_status", "age") == [
        (1, None, None),
        (2, "M", None),
        (3, "M", None),
    ]
    assert lines_aside(fates) == {"age:in_range": [3], "marital_status:isin": [1]}
    assert fates.values_set_aside == {"age:in_range": 1, "marital_status:isin": 1}
    assert (fates.quarantined, accounted(fates)) == ({}, 3)


def test_two_values_of_one_record_are_set_aside_by_their_own_rules(customers: Staging) -> None:
    fates = customers.run([client(1, marital_status="W", home_ownership="?", age=40)])
    assert published(fates, "client_id", "marital_status", "home_ownership", "age") == [
        (1, None, None, 40)
    ]
    assert lines_aside(fates) == {"home_ownership:isin": [1], "marital_status:isin": [1]}


def test_a_record_that_is_refused_keeps_its_values(customers: Staging) -> None:
    fates = customers.run([client(-1, marital_status="W"), client(2, marital_status="W")])
    assert lines(fates) == {"client_id:ge": [1]}
    assert lines_aside(fates) == {"marital_status:isin": [2]}


def test_records_that_differ_in_a_value_set_aside_are_compared_without_it(
    customers: Staging,
) -> None:
    fates = customers.run([client(1, marital_status="W"), client(1, marital_status="W")])
    assert (fates.repeated, lines(fates), lines_aside(fates)) == (
        1,
        {},
        {"marital_status:isin": [2]},
    )


def test_a_control_total_that_is_set_aside_is_accounted_for(transactions: Staging) -> None:
    future = movement(1, 5, "2.00", operation="XXX", balance=Decimal("7.25"))
    fates = transactions.run([future, movement(2, 5, "1.00")])
    assert fates.totals == {"amount": "0.00", "balance": "0.00"}
    assert lines_aside(fates) == {"operation:isin": [1]}


def test_dates_after_the_business_date(customers: Staging) -> None:
    eve, next_day = NOON, NOON + dt.timedelta(days=1)
    fates = customers.run(
        [
            client(1, birth_date=DAY, client_created_date=eve),
            client(2, birth_date=DAY + dt.timedelta(days=1), client_created_date=next_day),
        ]
    )
    assert published(fates, "client_id", "birth_date", "client_created_date") == [
        (1, DAY, eve),
        (2, None, None),
    ]
    assert lines_aside(fates) == {
        "birth_date:not_after_business_date": [2],
        "client_created_date:not_after_business_date": [2],
    }


def test_an_account_opened_after_the_business_date_is_refused(tmp_path: Path) -> None:
    known = {"branch_id": 1, "frequency": "MI", "creation_date": NOON}
    late = known | {"creation_date": NOON + dt.timedelta(days=1)}
    fates = Staging.of("account", tmp_path).run(
        [{"account_id": 1} | known, {"account_id": 2} | late]
    )
    assert published(fates, "account_id") == [(1,)]
    assert lines(fates) == {"creation_date:not_after_business_date": [2]}


def test_a_card_issued_after_the_business_date_is_refused(tmp_path: Path) -> None:
    known = {"disp_id": 1, "type": "gold", "card_id": "4", "issued_datetime": NOON}
    fates = Staging.of("card", tmp_path).run(
        [
            {"card_token": "a" * 64, **known},
            {"card_token": "b" * 64, **known, "issued_datetime": NOON + dt.timedelta(days=300)},
        ]
    )
    assert published(fates, "card_token") == [("a" * 64,)]
    assert lines(fates) == {"issued_datetime:not_after_business_date": [2]}
