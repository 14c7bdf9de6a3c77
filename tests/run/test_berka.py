"""A second bank, by its feed specifications alone."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.run.conftest import Home

pytestmark = pytest.mark.slow


def _file_totals(home: Home) -> dict[str, tuple[int, Decimal]]:
    """Count the transaction file by hand: PRIJEM is a credit, VYDAJ and VYBER are debits."""
    kinds = {"PRIJEM": "credit", "VYDAJ": "debit", "VYBER": "debit"}
    totals = {"credit": (0, Decimal(0)), "debit": (0, Decimal(0))}
    lines = (home.landing / "trans_1993.asc").read_text("ascii").splitlines()[1:]
    for line in lines:
        fields = [field.strip('"') for field in line.split(";")]
        kind = kinds[fields[3]]
        count, amount = totals[kind]
        totals[kind] = (count + 1, amount + Decimal(fields[5]))
    return totals


def test_transactions_are_those_of_the_file(berka: Home) -> None:
    assert berka.ran.code == 0, berka.ran.output
    rows = berka.rows(
        "SELECT type, count(*) AS n, sum(amount) AS total FROM stage.transaction GROUP BY type"
    )
    staged = {r["type"]: (r["n"], Decimal(r["total"])) for r in rows}
    assert staged == _file_totals(berka)
    assert sum(n for n, _ in staged.values()) == 28205


def test_every_client_has_a_profile(berka: Home) -> None:
    found = berka.row(
        "SELECT count(*) AS n, count(DISTINCT client_id) AS clients,"
        " count(web_sessions) AS web, count(history_credit_count_6m) AS history"
        " FROM profile.customer_360"
    )
    assert found == {"n": 5369, "clients": 5369, "web": 0, "history": 5369}
    assert "ga_session: no delivery on or before 1993-12-31" in berka.ran.output


def test_each_transaction_of_the_window_counts_for_one_client(berka: Home) -> None:
    window = berka.row(
        "SELECT count(*) AS n, sum(amount) AS total FROM stage.transaction"
        " WHERE business_date >= DATE '1993-07-01' AND type = 'credit'"
    )
    profile = berka.row(
        "SELECT sum(history_credit_count_6m) AS n, sum(history_credit_sum_6m) AS total"
        " FROM profile.customer_360"
    )
    assert profile["n"] == window["n"]
    assert Decimal(profile["total"]) == Decimal(window["total"])


def test_accounts_and_cards_of_the_future_do_not_count(berka: Home) -> None:
    found = berka.row(
        "SELECT sum(product_accounts_owner) AS accounts, sum(product_cards) AS cards"
        " FROM profile.customer_360"
    )
    truth = berka.row(
        "SELECT (SELECT count(*) FROM stage.account WHERE CAST(creation_date AS date)"
        " <= DATE '1993-12-31') AS accounts,"
        " (SELECT count(*) FROM stage.card WHERE CAST(issued_datetime AS date)"
        " <= DATE '1993-12-31') AS cards"
    )
    assert found == truth
    assert 0 < truth["accounts"] < 4500
