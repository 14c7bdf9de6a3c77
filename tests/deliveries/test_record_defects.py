"""A record that cannot be typed exactly goes to quarantine, as delivered, by its first rule."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest

from customer360_assets.feeds import FeedSpec
from tests.deliveries.raw_home import Home, only

CARD = "card/card0020240523-1.csv"
GOOD = "5555555555554444,7,gold,2024-01-02T03:04:05.123456"


def spec(**changes: Any) -> FeedSpec:
    base: dict[str, Any] = {
        "feed": "transaction",
        "system": "test",
        "pattern": "*.csv",
        "format": "delimited",
        "columns": ["trans_id", "account_id", "date", "type", "operation", "amount", "balance"],
        "business_date": {"from": "column", "column": "date"},
        "delivery": "delta",
    }
    return FeedSpec.model_validate(base | changes)


def transactions(home: Home, *lines: str, **changes: Any) -> dict[int, str]:
    """Deliver lines after a good one; give the rule by line number."""
    home.feeds = {"transaction": spec(**changes)}
    home.deliver("t.csv", "1,1,2024-01-01,credit,,1.00,1.00\n" + "\n".join(lines) + "\n")
    deliveries = home.run("transaction")
    assert only(deliveries)["records"] == 1 + len(lines)
    return {line - 1: rule for line, rule in home.quarantined(deliveries, "line_no, rule")}


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("2,1,2024-01-01,credit,,1.00", "record:column_count"),
        ("2,1,2024-01-01,credit,,1.00,1.00,more", "record:column_count"),
        ('2,1,2024-01-01,credit,"CCK,1.00,1.00', "record:quote"),
        ("1.5,1,2024-01-01,credit,,1.00,1.00", "trans_id:type"),
        ("9223372036854775808,1,2024-01-01,credit,,1.00,1.00", "trans_id:type"),
        ("1e3,1,2024-01-01,credit,,1.00,1.00", "trans_id:type"),
        ("1_0,1,2024-01-01,credit,,1.00,1.00", "trans_id:type"),
        ("0x10,1,2024-01-01,credit,,1.00,1.00", "trans_id:type"),
        ("2,1,2024-01-01,credit,,1.005,1.00", "amount:type"),
        ('2,1,2024-01-01,credit,,"1,00",1.00', "amount:type"),
        ("2,1,2024-01-01,credit,,99999999999999999.00,1.00", "amount:type"),
        ("2,1,2024-01-01,credit,,NaN,1.00", "amount:type"),
        ("2,1,2024-02-30,credit,,1.00,1.00", "date:type"),
        ("2,1,01/02/2024,credit,,1.00,1.00", "date:type"),
        ("2,1,2024-01-01T00:00:00.1234567,credit,,1.00,1.00", "date:type"),
        (",1,2024-01-01,credit,,1.00,1.00", "trans_id:not_null"),
        ('"  ",1,2024-01-01,credit,,1.00,1.00', "trans_id:not_null"),
        ("x,y,z,,,,", "trans_id:type"),
    ],
)
def test_first_rule_names_it(home: Home, line: str, rule: str) -> None:
    assert transactions(home, line) == {1: rule}


@pytest.mark.parametrize(
    "line",
    [
        '"2","1","2024-01-01","credit","CCK","1.00","-1.00"',
        " 2 , 1 , 2024-01-01 ,credit,, 1.00 , 1.00 ",
        "+2,1.0,2024-01-01T00:00:00.000000,credit,,1,1.500000",
        "0000002,01,2024-01-01 23:59,credit,,.5,1.",
        "2,1,2024-01-01T05:06:07.123456Z,credit,,0,1.00",
    ],
)
def test_other_spellings_of_the_same_value_are_loaded(home: Home, line: str) -> None:
    assert transactions(home, line) == {}


def test_values_are_exact(home: Home) -> None:
    transactions(home, '007,"1",2024-01-02T03:04:05.123456, credit,"C""C,K",1234567890123456.78,.1')
    rows = home.rows(home.settle("transaction"))
    assert rows[1][4:11] == (
        7,
        1,
        dt.datetime.fromisoformat("2024-01-02T03:04:05.123456"),
        " credit",
        'C"C,K',
        Decimal("1234567890123456.78"),
        Decimal("0.10"),
    )


def test_an_unknown_code_is_quarantined_and_a_known_one_conformed(home: Home) -> None:
    targets = {"type": {"codes": {"PRIJEM": "credit", "credit": "credit", "VYDAJ": "debit"}}}
    lines = ("2,1,2024-01-01, VYDAJ ,,1,1", "3,1,2024-01-01,NOVY,,1,1", "4,1,2024-01-01,,,1,1")
    assert transactions(home, *lines, targets=targets) == {2: "type:code", 3: "type:not_null"}
    assert [r[0] for r in home.rows(home.settle("transaction"), "type")] == ["credit", "debit"]


def test_dates_in_several_shapes_are_tried_in_order(home: Home) -> None:
    formats = ["%Y-%m-%d", "%d.%m.%Y", "%y%m%d", "%d/%m/%Y %H:%M:%S"]
    lines = [
        f"2,1,{date},credit,,1,1"
        for date in ("03.02.2024", "240204", "05/02/2024 01:02:03", "24024", "2024/02/06")
    ]
    rules = transactions(home, *lines, targets={"date": {"formats": formats}})
    assert rules == {4: "date:format", 5: "date:format"}
    dates = [r[0] for r in home.rows(home.settle("transaction"), "business_date")]
    assert [d.day for d in dates] == [1, 3, 4, 5]


def test_null_spellings(home: Home) -> None:
    lines = ("2,1,2024-01-01,credit,N/A,1,\\N", "3,1,2024-01-01,credit,NA,NA,1")
    assert transactions(home, *lines, nulls=["N/A", "\\N"]) == {2: "amount:type"}
    assert home.rows(home.settle("transaction"), "operation, balance")[1] == (None, None)


def test_an_expression_that_fails_differs_from_one_that_returns_null(home: Home) -> None:
    columns = ["trans_id", "account_id", "date", "type", "operation", "amount", "cents"]
    targets = {"balance": {"expression": "CAST(nullif(cents, '0') AS decimal(18,2)) / 100"}}
    lines = ("2,1,2024-01-01,credit,,1,250", "3,1,2024-01-01,credit,,1,0", "4,1,2024-01-01,c,,1,x")
    rules = transactions(home, *lines, columns=columns, targets=targets)
    assert rules == {3: "balance:expression"}
    balances = home.rows(home.settle("transaction"), "line_no, balance")
    assert balances[1:] == [(2, Decimal("2.50")), (3, None), (4, None)]
    aside = home.quarantined(home.settle("transaction"), "line_no, set_aside")
    assert aside == [(4, "value")]


def test_quarantine_holds_what_an_auditor_needs(home: Home) -> None:
    home.deliver(CARD, f"{GOOD}\n\n501800004444,x,gold,\n{GOOD},1\n")
    deliveries = home.run("card")
    common = (dt.date(2024, 5, 23), "card", "card-000001", CARD)
    assert home.quarantined(deliveries, "*") == [
        (*common, 3, "disp_id:type", "record", "raw/card", "501800004444,x,gold,"),
        (*common, 4, "record:column_count", "record", "raw/card", GOOD + ",1"),
    ]
    row = only(deliveries)
    assert (row["records"], row["loaded"], row["quarantined"]) == (3, 1, 2)


def test_codes_that_yaml_would_read_as_something_else_stay_text(home: Home) -> None:
    targets = {"type": {"codes": {"01": "credit", "NO": "debit", "1": "debit", "credit": "credit"}}}
    assert transactions(home, "2,1,2024-01-01,01,,1,1", targets=targets) == {}
    assert {r[0] for r in home.rows(home.settle("transaction"), "type")} == {"credit"}


SESSION = {"fullVisitorId": "007", "visitId": 1, "visitStartTime": 2}


def sessions(home: Home, *lines: str) -> Any:
    home.deliver("ga/ga_sessions_20240523.json", "\n".join((json.dumps(SESSION), *lines)) + "\n")
    return home.run("ga_session")


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("{'fullVisitorId': '1'}", "record:json"),
        ('{"fullVisitorId":"1"', "record:json"),
        ('["fullVisitorId"]', "record:json"),
        ("7", "record:json"),
        ('{"visitId":1,"visitStartTime":2}', "full_visitor_id:not_null"),
        ('{"fullVisitorId":"1","visitId":1.5,"visitStartTime":2}', "visit_id:type"),
        ('{"fullVisitorId":"1","visitId":true,"visitStartTime":2}', "visit_id:type"),
    ],
)
def test_json_records(home: Home, line: str, rule: str) -> None:
    assert home.quarantined(sessions(home, line)) == [(2, rule, line)]


def test_json_fields_missing_new_and_nested(home: Home) -> None:
    line = json.dumps(SESSION | {"totals": {"hits": 1, "x": [1, "ě"]}, "zeta": 1, "alpha": None})
    deliveries = sessions(home, line)
    rows = home.rows(deliveries, "full_visitor_id, device, totals")
    assert [r[:2] for r in rows] == [("007", None), ("007", None)]
    totals = [json.loads(r[2]) for r in rows if r[2] is not None]
    assert totals == [{"hits": 1, "x": [1, "ě"]}]
    assert only(deliveries)["reason"] == "fields not in the specification: alpha, zeta"


def test_names_that_may_be_values_are_counted_and_not_shown(home: Home) -> None:
    keys = [*(f"k{i:02}" for i in range(30)), "jan@example.com", "k" * 65, "ě", ""]
    deliveries = sessions(home, *(json.dumps(SESSION | {key: 1}) for key in keys))
    reported = ", ".join(f"k{i:02}" for i in range(20))
    assert only(deliveries)["reason"] == f"fields not in the specification: {reported}, 14 more"


def test_a_visitor_that_json_has_as_a_number_keeps_every_digit(home: Home) -> None:
    line = '{"fullVisitorId":12345678901234567890123,"visitId":1,"visitStartTime":2}'
    rows = home.rows(sessions(home, line), "full_visitor_id")
    assert ("12345678901234567890123",) in rows


@pytest.mark.parametrize("form", ["json_lines", "python_lines"])
def test_an_amount_keeps_digits_that_a_double_has_not(home: Home, form: str) -> None:
    home.feeds = {"transaction": spec(format=form, pattern="*.json")}
    record = (
        '{"trans_id": 1, "account_id": 2, "date": "2024-01-01", "type": "credit",'
        ' "amount": 1234567890123456.78, "balance": 1.10}\n'
    )
    home.deliver("t.json", record.replace('"', "'") if form == "python_lines" else record)
    rows = home.rows(home.run("transaction"), "amount, balance")
    assert rows == [(Decimal("1234567890123456.78"), Decimal("1.10"))]


@pytest.mark.parametrize(
    "literal",
    ["{'client_id': 5001, 'x': nope}", "{'client_id': 5001", "(5001,)", "{'client_id': '\\ud800'}"],
)
def test_python_literals_that_are_none(home: Home, literal: str) -> None:
    home.deliver("crm/crm0020240523-1.json", "{'client_id': 5000}\n" + literal + "\n")
    deliveries = home.run("crm_customer")
    assert home.quarantined(deliveries) == [(2, "record:python_literal", literal)]
