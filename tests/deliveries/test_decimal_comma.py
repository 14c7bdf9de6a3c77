"""Beside 12,50 it is unknown whether 1.200 is 1200 or 1.2."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from tests.deliveries.movements import deliver_lines, deliver_parquet, parquet_rows
from tests.deliveries.raw_home import Home, only

FIELDS = ("trans_id", "account_id", "date", "type", "operation", "amount", "balance")


def movements(home: Home, form: str, column: str, *values: str) -> dict[int, str]:
    """Deliver movements with these values; return the rule by line number."""
    if form == "parquet":
        deliveries = deliver_parquet(home, parquet_rows(column, *(f"'{v}'" for v in values)))
        return dict(home.quarantined(deliveries, "line_no, rule"))
    records = [
        dict(zip(FIELDS, (str(i), "7", "2024-05-01", "credit", "CCK", "1", "2"), strict=True))
        | {column: value}
        for i, value in enumerate(values, start=1)
    ]
    lines = {
        "delimited": (";".join(r.values()) for r in records),
        "json_lines": map(json.dumps, records),
        "python_lines": map(str, records),
    }[form]
    deliveries = deliver_lines(home, *lines, form=form, delimiter=";")
    return dict(home.quarantined(deliveries, "line_no, rule"))


@pytest.mark.parametrize("form", ["delimited", "json_lines", "python_lines", "parquet"])
def test_three_digits_after_a_dot_beside_a_decimal_comma(home: Home, form: str) -> None:
    rules = movements(home, form, "amount", "12,50", "1.200", "7", "3.40", "1200.000", "0.500")
    assert rules == {1: "amount:type", 2: "amount:decimal_comma"}
    amounts = [row[1] for row in home.rows(home.settle("transaction"), "line_no, amount")]
    assert amounts == [Decimal(7), Decimal("3.40"), Decimal(1200), Decimal("0.50")]


@pytest.mark.parametrize("evidence", ["1.200,5", ",5", "1.200.000", "-12,5", "1,2345"])
def test_what_shows_a_decimal_comma(home: Home, evidence: str) -> None:
    rules = movements(home, "delimited", "amount", "1.200", evidence, "7")
    assert rules == {1: "amount:decimal_comma", 2: "amount:type"}


@pytest.mark.parametrize("other", ["1,200", "1,200.50", "x", ""])
def test_what_shows_none(home: Home, other: str) -> None:
    rule = "amount:type" if other else "amount:not_null"
    assert movements(home, "delimited", "amount", "1.200", other) == {2: rule}
    assert home.rows(home.settle("transaction"), "amount") == [(Decimal("1.20"),)]


def test_a_value_of_an_optional_column_is_set_aside(home: Home) -> None:
    movements(home, "delimited", "balance", "12,50", "1.200", "7")
    deliveries = home.settle("transaction")
    assert home.rows(deliveries, "line_no, balance") == [(1, None), (2, None), (3, Decimal(7))]
    assert home.quarantined(deliveries, "line_no, rule, set_aside") == [
        (1, "balance:type", "value"),
        (2, "balance:decimal_comma", "value"),
    ]
    assert only(deliveries)["quarantined"] == 0


def test_columns_are_judged_each_by_itself(home: Home) -> None:
    deliveries = deliver_lines(
        home,
        "1;7;2024-05-01;credit;CCK;12,50;1.200",
        "2;7;2024-05-01;credit;CCK;1;1.200",
        "3;7;2024-05-01;credit;CCK;1.200;1.200",
        delimiter=";",
    )
    assert home.quarantined(deliveries, "line_no, rule") == [
        (1, "amount:type"),
        (3, "amount:decimal_comma"),
    ]
    assert home.rows(deliveries, "line_no, balance") == [(2, Decimal("1.20"))]


def test_whole_numbers_beside_one_whose_dots_separate_thousands(home: Home) -> None:
    assert movements(home, "delimited", "account_id", "1.234", "2.000", "3.0", "4") == {
        1: "account_id:type",
        2: "account_id:thousands_dot",
    }
    accounts = home.rows(home.settle("transaction"), "account_id")
    assert accounts == [(3,), (4,)]


def test_a_whole_number_with_a_fraction_of_zeros_stays_one(home: Home) -> None:
    assert movements(home, "delimited", "account_id", "2.000", "1.5") == {2: "account_id:type"}
