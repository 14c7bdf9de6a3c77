"""dimension.product_holding on holdings small enough to count by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.sql.sql_bank import Bank, D

EVE = D - dt.timedelta(days=1)
NEXT = D + dt.timedelta(days=1)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def clients(bank: Bank, *ids: int, **common: Any) -> None:
    bank.add("stage.customer", *({"client_id": i} for i in ids), **common)


def account(bank: Bank, number: int, created: str = "2020-01-01", branch: int = 1) -> None:
    bank.add(
        "stage.account",
        {"account_id": number, "branch_id": branch, "creation_date": at(created)},
    )


def disposition(bank: Bank, number: int, client: int, of: int, kind: str = "owner") -> None:
    bank.add(
        "stage.disposition",
        {"disp_id": number, "client_id": client, "account_id": of, "type": kind},
    )


def card(
    bank: Bank,
    token: str,
    disp: int,
    kind: str = "classic",
    issued: str = "2021-01-01",
    delivered: dt.date = D,
) -> None:
    bank.add(
        "stage.card",
        {"card_token": token, "disp_id": disp, "type": kind, "issued_datetime": at(issued)},
        business_date=delivered,
    )


def pick(row: dict[str, Any], *columns: str) -> tuple[Any, ...]:
    return tuple(row[f"product_{c}"] for c in columns)


def test_an_account_counts_once_however_many_dispositions(bank: Bank) -> None:
    clients(bank, 1, 2)
    account(bank, 10, branch=3)
    account(bank, 11, branch=3)
    disposition(bank, 1, 1, 10)
    disposition(bank, 2, 1, 10, "user")
    disposition(bank, 3, 1, 10, "user")
    disposition(bank, 4, 1, 11)
    disposition(bank, 5, 2, 10, "user")
    found = bank.dimension("product_holding")
    roles = ("dispositions", "accounts", "accounts_owner", "accounts_user", "branches")
    assert pick(found[1], *roles) == (4, 2, 2, 1, 1)
    assert pick(found[2], *roles) == (1, 1, 0, 1, 1)


def test_defect_cards_cut_to_three_per_disposition(bank: Bank) -> None:
    clients(bank, 1)
    account(bank, 10)
    disposition(bank, 1, 1, 10)
    for n in range(7):
        card(bank, f"t{n}", 1, ("junior", "classic", "gold")[n % 3])
    (row,) = bank.dimension("product_holding").values()
    assert pick(row, "cards", "cards_junior", "cards_classic", "cards_gold") == (7, 3, 2, 2)


def test_defect_one_arbitrary_account_kept_per_client(bank: Bank) -> None:
    clients(bank, 1)
    for n in (10, 11, 12):
        account(bank, n, branch=n)
        disposition(bank, n, 1, n)
    (row,) = bank.dimension("product_holding").values()
    assert pick(row, "accounts", "branches") == (3, 3)


def test_cards_belong_to_the_client_of_their_own_disposition(bank: Bank) -> None:
    clients(bank, 1, 2)
    account(bank, 10)
    disposition(bank, 1, 1, 10)
    disposition(bank, 2, 2, 10, "user")
    card(bank, "t1", 1)
    card(bank, "t2", 2)
    card(bank, "t3", 2)
    found = bank.dimension("product_holding")
    assert [pick(found[c], "cards") for c in (1, 2)] == [(1,), (2,)]


def test_a_card_delivered_on_two_dates_counts_once_as_delivered_last(bank: Bank) -> None:
    clients(bank, 1, 2)
    account(bank, 10)
    disposition(bank, 1, 1, 10)
    disposition(bank, 2, 2, 10)
    card(bank, "t1", 1, "classic", "2021-01-01", delivered=EVE)
    card(bank, "t1", 2, "gold", "2021-02-02", delivered=D)
    card(bank, "t1", 1, "junior", "2021-03-03", delivered=NEXT)
    found = bank.dimension("product_holding")
    assert pick(found[1], "cards") == (0,)
    assert pick(found[2], "cards", "cards_classic", "cards_gold") == (1, 0, 1)
    assert pick(found[2], "last_acquisition_date") == (dt.date(2021, 2, 2),)


def test_nothing_from_after_the_business_date(bank: Bank) -> None:
    clients(bank, 1)
    account(bank, 10, f"{D}T23:59:59")
    account(bank, 11, f"{NEXT}T00:00:00")
    disposition(bank, 1, 1, 10)
    disposition(bank, 2, 1, 11)
    card(bank, "t1", 1, issued=f"{D}T23:59:59.999999")
    card(bank, "t2", 1, issued=f"{NEXT}")
    (row,) = bank.dimension("product_holding").values()
    assert pick(row, "accounts", "cards", "days_since_last_acquisition") == (1, 1, 0)


def test_the_newest_snapshot_on_or_before_the_date_is_read(bank: Bank) -> None:
    clients(bank, 1, 9, business_date=EVE)
    clients(bank, 1)
    clients(bank, 1, 2, business_date=NEXT)
    account(bank, 10)
    bank.add(
        "stage.disposition",
        {"disp_id": 1, "client_id": 1, "account_id": 10, "type": "owner"},
        business_date=EVE,
    )
    assert list(bank.dimension("product_holding")) == [1]
    assert list(bank.dimension("product_holding", EVE)) == [1, 9]
    assert pick(bank.dimension("product_holding")[1], "accounts") == (1,)
    assert pick(bank.dimension("product_holding", EVE)[1], "accounts", "dispositions") == (None, 1)


def test_defect_last_acquisition_writes_the_firsts_rows(bank: Bank) -> None:
    clients(bank, 1)
    account(bank, 10, "2020-01-31T10:00:00")
    disposition(bank, 1, 1, 10)
    card(bank, "t1", 1, issued="2021-06-01")
    card(bank, "t2", 1, issued="2024-05-20T23:00:00")
    (row,) = bank.dimension("product_holding").values()
    first = ("first_acquisition_date", "first_acquisition", "days_since_first_acquisition")
    last = ("last_acquisition_date", "last_acquisition", "days_since_last_acquisition")
    assert pick(row, *first) == (dt.date(2020, 1, 31), "ACCOUNT", 1_574)
    assert pick(row, *last) == (dt.date(2024, 5, 20), "CARD", 3)


@pytest.mark.parametrize(
    ("created", "issued", "first", "last"),
    [
        ("2020-01-01T09:00:00", "2020-01-01T09:00:00", "ACCOUNT", "CARD"),
        ("2020-01-01T09:00:01", "2020-01-01T09:00:00", "CARD", "ACCOUNT"),
        ("2020-01-01T09:00:00", "2020-01-01T09:00:01", "ACCOUNT", "CARD"),
    ],
)
def test_acquisitions_of_one_day(
    bank: Bank, created: str, issued: str, first: str, last: str
) -> None:
    clients(bank, 1)
    account(bank, 10, created)
    disposition(bank, 1, 1, 10)
    card(bank, "t1", 1, issued=issued)
    (row,) = bank.dimension("product_holding").values()
    assert pick(row, "first_acquisition", "last_acquisition") == (first, last)


def test_defect_null_written_as_zero_feeds_that_never_delivered_are_unknown(bank: Bank) -> None:
    clients(bank, 1)
    (row,) = bank.dimension("product_holding").values()
    assert {row[c] for c in row if c.startswith("product_")} == {None}


def test_a_client_without_any_has_none_once_the_feeds_delivered(bank: Bank) -> None:
    clients(bank, 1, 2)
    account(bank, 10)
    disposition(bank, 1, 2, 10)
    found = bank.dimension("product_holding")[1]
    assert pick(found, "dispositions", "accounts", "accounts_owner", "branches") == (0, 0, 0, 0)
    assert pick(found, "cards", "cards_gold") == (None, None)
    assert pick(found, "first_acquisition", "last_acquisition_date") == (None, None)


def test_orphans_give_no_client_and_no_count(bank: Bank) -> None:
    clients(bank, 1)
    account(bank, 10)
    disposition(bank, 1, 1, 10)
    disposition(bank, 2, 1, 999)
    disposition(bank, 3, 5500, 10)
    card(bank, "t1", 777)
    card(bank, "t2", 3)
    card(bank, "t3", 2)
    found = bank.dimension("product_holding")
    assert list(found) == [1]
    assert pick(found[1], "dispositions", "accounts", "cards") == (2, 1, 1)
