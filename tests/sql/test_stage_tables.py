"""Stage files of the bank's own feeds, on rows small enough to check by hand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from customer360_assets.contracts import contract, contracts
from resources.dialect.athena_sql import parameters
from resources.dialect.lint import lint
from tests.sql.sql_bank import SQL, Bank, D, by_rank

NOON = dt.datetime.fromisoformat("2024-01-01T12:00:00")
TOKEN = "a" * 64
EVE = D - dt.timedelta(days=1)

GOOD: dict[str, dict[str, Any]] = {
    "crm_customer": {"client_id": 1},
    "account": {"account_id": 1, "branch_id": 7, "frequency": "MI", "creation_date": NOON},
    "card": {"card_token": TOKEN, "disp_id": 1, "type": "gold", "issued_datetime": NOON},
    "disposition": {"disp_id": 1, "account_id": 1, "client_id": 1, "type": "owner"},
    "transaction": {
        "trans_id": 1,
        "account_id": 1,
        "date": NOON,
        "type": "credit",
        "amount": Decimal("10.50"),
        "balance": Decimal("-3.00"),
    },
    "web_visitor_map": {"full_visitor_id": "007", "client_id": 1},
}
STAGE_OF = {feed: feed.removeprefix("crm_") for feed in GOOD}


@pytest.mark.parametrize("table", [c.name for c in contracts("stage")])
def test_a_stage_file_keeps_to_the_subset_and_takes_a_range_of_dates(table: str) -> None:
    sql = (SQL / "stage" / f"{table}.sql").read_text()
    assert lint(sql) == []
    assert parameters(sql) == 2


@pytest.mark.parametrize("feed", GOOD)
def test_a_minimal_record_keeps_its_contract(bank: Bank, feed: str) -> None:
    bank.add(f"raw.{feed}", GOOD[feed])
    (row,) = bank.stage(STAGE_OF[feed])
    assert (row["delivery_rank"], row["delivery_id"], row["line_no"]) == (1, "d1", 1)
    assert bank.broken(STAGE_OF[feed]) == []


@pytest.mark.parametrize("feed", GOOD)
def test_defect_dedup_without_an_order_the_last_delivered_line_stands(
    bank: Bank, feed: str
) -> None:
    lines = [(1, 1), (1, 9), (2, 4), (2, 5)]
    for seq, line in reversed(lines):
        bank.add(f"raw.{feed}", {**GOOD[feed], "delivery_seq": seq, "line_no": line})
    found = by_rank(bank.stage(STAGE_OF[feed]), "line_no")
    assert found == [(1, 5), (2, 4), (3, 9), (4, 1)]


@pytest.mark.parametrize("feed", GOOD)
def test_each_business_date_of_a_range_is_ranked_by_itself(bank: Bank, feed: str) -> None:
    for date in (EVE, D, D + dt.timedelta(days=1)):
        bank.add(f"raw.{feed}", GOOD[feed], business_date=date)
    found = by_rank(bank.stage(STAGE_OF[feed], EVE, D), "business_date")
    assert found == [(1, EVE), (1, D)]


def test_no_row_is_lost_whatever_it_holds(bank: Bank) -> None:
    bank.add(
        "raw.transaction",
        GOOD["transaction"],
        {"trans_id": 2, "account_id": 1, "type": "?", "operation": "XXX", "date": NOON},
        {"trans_id": 1, "account_id": 2, "amount": Decimal("-1.00"), "date": NOON},
    )
    found = bank.stage("transaction")
    assert len(found) == 3
    sums = [sum(r[c] or 0 for r in found) for c in ("amount", "balance")]
    assert sums == [Decimal("9.50"), Decimal("-3.00")]


def test_blanks_are_nulls_and_codes_are_trimmed(bank: Bank) -> None:
    bank.add(
        "raw.crm_customer",
        {"client_id": 1, "home_ownership": " O ", "marital_status": "", "occupation": "   "},
    )
    (row,) = bank.stage("customer")
    assert (row["home_ownership"], row["marital_status"], row["occupation"]) == ("O", None, None)
    assert bank.broken("customer") == []


@pytest.mark.parametrize(
    ("feed", "change", "rule"),
    [
        ("crm_customer", {"home_ownership": "X"}, "home_ownership:isin"),
        ("crm_customer", {"age": 131}, "age:in_range"),
        ("account", {"frequency": "XX"}, "frequency:isin"),
        ("account", {"creation_date": None}, "creation_date:not_null"),
        ("card", {"type": "platinum"}, "type:isin"),
        ("card", {"card_token": "4929000000000000"}, "card_token:str_matches"),
        ("disposition", {"type": "heir"}, "type:isin"),
        ("transaction", {"amount": Decimal("-0.01")}, "amount:ge"),
        ("transaction", {"operation": "ZZZ"}, "operation:isin"),
        ("web_visitor_map", {"full_visitor_id": " "}, "full_visitor_id:not_null"),
    ],
)
def test_a_row_that_breaks_its_contract_is_named_by_the_rule(
    bank: Bank, feed: str, change: dict[str, Any], rule: str
) -> None:
    bank.add(f"raw.{feed}", GOOD[feed] | change)
    assert bank.broken(STAGE_OF[feed]) == [rule]


def test_a_booking_time_gives_its_date(bank: Bank) -> None:
    late = dt.datetime.fromisoformat("2024-05-22T23:59:59")
    bank.add("raw.transaction", GOOD["transaction"] | {"date": late})
    (row,) = bank.stage("transaction")
    assert row["date"] == EVE


def test_a_visitor_of_twenty_digits_with_leading_zeros_stays_text(bank: Bank) -> None:
    ids = ["0085557216346927217", "85557216346927217", "18446744073709551617"]
    bank.add("raw.web_visitor_map", *({"full_visitor_id": i, "client_id": 1} for i in ids))
    found = by_rank(bank.stage("web_visitor_map"), "full_visitor_id")
    assert found == sorted((1, i) for i in ids)


def test_defect_clear_card_numbers_stage_does_not_read_them() -> None:
    assert "card_id" not in (SQL / "stage" / "card.sql").read_text()
    assert "card_id" not in {c.name for c in contract("stage.card").columns}


def test_defect_disposition_columns_in_the_wrong_order(bank: Bank) -> None:
    bank.add("raw.disposition", {"disp_id": 2, "account_id": 25, "client_id": 5460, "type": "user"})
    (row,) = bank.stage("disposition")
    assert (row["disp_id"], row["account_id"], row["client_id"]) == (2, 25, 5460)


def test_the_references_name_columns_that_exist() -> None:
    for declared in contracts("stage"):
        for reference in declared.references:
            assert reference.column in {c.name for c in declared.columns}
            assert reference.target in {c.name for c in contract(reference.table).columns}
