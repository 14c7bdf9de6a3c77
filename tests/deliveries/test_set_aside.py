"""A value that an optional column cannot hold is set aside; the record's row stays."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from customer360_assets.contracts import contract
from customer360_assets.contracts.optional import optional_columns
from customer360_assets.deliveries.holdings import holdings_of
from customer360_assets.deliveries.parsing.parsed import Parsed
from customer360_assets.feeds import load_feeds
from customer360_assets.publishing.checks.results import quarantine_finding
from customer360_assets.tables.partitions import Span
from tests.deliveries.movements import deliver_lines, deliver_parquet, parquet_rows
from tests.deliveries.raw_home import DAY, Home, only

CRM = "crm/crm0020240523-1.json"
GOOD = {"client_id": "1", "birth_date": "1980-02-29", "age": "44", "marital_status": "M"}
CODES = {"targets": {"operation": {"codes": {"CCK": "CCK", "RAB": "RAB"}}}}


def customers(home: Home, *records: dict[str, str]) -> list[tuple[object, ...]]:
    """Deliver customers after a good one; return rows by line."""
    home.deliver(CRM, "".join(f"{r}\n" for r in (GOOD, *records)))
    columns = "line_no, client_id, birth_date, age, marital_status"
    return home.rows(home.run("crm_customer"), columns)


def test_two_values_of_a_record_are_set_aside_and_its_row_stays(home: Home) -> None:
    bad = {"client_id": "2", "birth_date": "31.12.1999", "age": "old", "marital_status": "S"}
    assert customers(home, bad) == [
        (1, 1, dt.date(1980, 2, 29), 44, "M"),
        (2, 2, None, None, "S"),
    ]
    deliveries = home.settle("crm_customer")
    common = (DAY, "crm_customer", "crm_customer-000001", CRM, 2)
    assert home.quarantined(deliveries, "*") == [
        (*common, "age:type", "value", "raw/crm_customer", str(bad)),
        (*common, "birth_date:type", "value", "raw/crm_customer", str(bad)),
    ]
    row = only(deliveries)
    counted = {k: row[k] for k in ("records", "loaded", "quarantined", "values_set_aside")}
    assert counted == {"records": 2, "loaded": 2, "quarantined": 0, "values_set_aside": 2}


def test_a_required_column_sends_the_record_alone(home: Home) -> None:
    bad = {"client_id": "x", "birth_date": "31.12.1999", "age": "old"}
    assert [line for line, *_ in customers(home, bad)] == [1]
    deliveries = home.settle("crm_customer")
    found = home.quarantined(deliveries, "line_no, rule, set_aside")
    assert found == [(2, "client_id:type", "record")]
    assert (only(deliveries)["quarantined"], only(deliveries)["values_set_aside"]) == (1, 0)


def test_what_stage_needs_is_required_though_raw_can_be_without(home: Home) -> None:
    home.deliver("account/account0020240523-1.csv", "1,2,MI,2024-01-01\n2,2,MI,1.1.2024\n")
    deliveries = home.run("account")
    found = home.quarantined(deliveries, "line_no, rule, set_aside")
    assert found == [(2, "creation_date:type", "record")]
    assert optional_columns(contract("raw.transaction")) == ("operation", "balance")
    assert optional_columns(contract("raw.card")) == ("card_last_four",)


def test_an_unknown_code_of_an_optional_column_costs_the_value_only(home: Home) -> None:
    deliveries = deliver_lines(
        home, "1,7,2024-05-01,credit,CCK,1,2", "2,7,2024-05-01,credit,NEW,3,4", **CODES
    )
    assert home.rows(deliveries, "trans_id, operation") == [(1, "CCK"), (2, None)]
    assert home.quarantined(deliveries, "rule, set_aside") == [("operation:code", "value")]


def test_a_delivery_whose_every_record_has_a_value_set_aside_is_loaded(home: Home) -> None:
    deliveries = deliver_lines(home, "1,7,2024-05-01,credit,CCK,1,x", "2,7,2024-05-01,debit,,3,y")
    assert only(deliveries)["status"] == "loaded"
    rows = home.rows(deliveries, "business_date, trans_id, amount, balance")
    assert rows == [(DAY, 1, 1, None), (DAY, 2, 3, None)]


def test_a_delivery_that_no_required_column_fits_is_refused(home: Home) -> None:
    row = only(deliver_lines(home, *["x,7,2024-05-01,credit,CCK,1,x"] * 2))
    assert (row["status"], row["reason"]) == (
        "refused",
        "no record fits the feed (trans_id:type 2)",
    )


def test_rows_lie_at_their_own_date(home: Home) -> None:
    deliveries = deliver_lines(
        home,
        "1,7,2024-05-01,credit,CCK,1,2",
        "2,7,2024-05-01,credit,CCK,1,x",
        "3,7,2024-05-02,credit,CCK,1,x",
        business_date={"from": "column", "column": "date"},
    )
    may = [dt.date(2024, 5, day) for day in (1, 2)]
    rows = home.rows(deliveries, "trans_id, business_date, balance")
    assert rows == [(1, may[0], 2), (2, may[0], None), (3, may[1], None)]
    # What is in quarantine lies at the date of most records.
    assert home.quarantined(deliveries, "line_no, business_date") == [(2, may[0]), (3, may[0])]
    holdings = holdings_of(deliveries, Span(may[0], may[0]))
    assert (holdings.loaded, dict(holdings.set_aside), holdings.quarantined.total()) == (
        2,
        {"balance:type": 2},
        0,
    )
    assert holdings_of(deliveries, Span(may[1], may[1])).set_aside.total() == 0


def test_the_columns_that_distinguish_records_are_required(home: Home) -> None:
    lines = ("1,7,2024-05-01,credit,CCK,1,2", "1,7,2024-05-01,credit,CCK,1,x")
    deliveries = deliver_lines(home, *lines, key=["trans_id", "balance"])
    found = home.quarantined(deliveries, "line_no, rule, set_aside")
    assert found == [(2, "balance:type", "record")]


def test_the_column_that_dates_a_record_is_required(home: Home) -> None:
    home.feeds = {
        "crm_customer": load_feeds("workshop")["crm_customer"].model_validate(
            {
                "feed": "crm_customer",
                "system": "test",
                "pattern": "crm*",
                "format": "json_lines",
                "columns": ["client_id", "client_created_date"],
                "business_date": {"from": "column", "column": "client_created_date"},
                "delivery": "snapshot",
                "targets": {
                    c: {"absent": True}
                    for c in ("birth_date", "age", "home_ownership", "occupation")
                }
                | {c: {"absent": True} for c in ("marital_status", "head_of_household_flag")},
            }
        )
    }
    records = ({"client_id": 1, "client_created_date": d} for d in ("2024-05-01", "May"))
    home.deliver("crm1", "".join(json.dumps(r) + "\n" for r in records))
    found = home.quarantined(home.run("crm_customer"), "line_no, rule, set_aside")
    assert found == [(2, "client_created_date:type", "record")]


@pytest.mark.parametrize("form", ["json_lines", "python_lines"])
def test_values_of_lines_of_objects(home: Home, form: str) -> None:
    record = {"trans_id": 1, "account_id": 2, "date": "2024-05-01", "type": "debit", "amount": 1}
    line = record | {"balance": "ten"}
    deliveries = deliver_lines(
        home, json.dumps(line) if form == "json_lines" else str(line), form=form
    )
    assert home.rows(deliveries, "amount, balance") == [(1, None)]
    assert home.quarantined(deliveries, "rule, set_aside") == [("balance:type", "value")]


def test_values_of_parquet(home: Home) -> None:
    deliveries = deliver_parquet(home, parquet_rows("balance", "'1.50'", "'1.505'"))
    rows = [
        (n, None if b is None else str(b)) for n, b in home.rows(deliveries, "line_no, balance")
    ]
    assert rows == [(1, "1.50"), (2, None)]
    assert home.quarantined(deliveries, "line_no, rule") == [(2, "balance:type")]


def test_a_marker_of_an_earlier_version_is_read() -> None:
    text = '{"delivery_id": "card-000001", "fingerprint": "f", "status": "loaded", "loaded": 1}'
    assert Parsed.model_validate_json(text).set_aside == {}


def test_the_check_states_records_and_values_apart() -> None:
    finding = quarantine_finding("crm_customer", {"client_id:type": 1}, {"age:type": 1_200})
    assert not finding.passed
    assert finding.sentence == (
        "1 records refused: client_id:type 1."
        " 1,200 optional values set aside, their rows are published with null: age:type 1,200."
        " The records are kept in quarantine.crm_customer. Correct them at the source; a"
        " redelivered file replaces this one."
    )
    assert finding.numbers == {
        "quarantined": 1,
        "values_set_aside": 1_200,
        "client_id:type": 1,
        "age:type": 1_200,
    }
    assert quarantine_finding("card", {}, {}).passed
