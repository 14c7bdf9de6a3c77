"""Transactions add up, and follow what the truth says about their clients."""

from decimal import Decimal

from tests.simulator.conftest import Query


def test_every_balance_follows_from_the_one_before(query: Query) -> None:
    assert query(
        "SELECT count(*) FROM (SELECT balance - CASE type WHEN 'credit' THEN amount ELSE -amount"
        " END AS before, coalesce(lag(balance) OVER (PARTITION BY account_id ORDER BY trans_id),"
        " opening_balance) AS expected FROM ledger JOIN account USING (account_id))"
        " WHERE before <> expected"
    ) == [(0,)]
    assert query(
        "SELECT count(*) FROM (SELECT account_id, arg_max(balance, trans_id) AS last FROM ledger"
        " GROUP BY 1) JOIN closing_balance USING (account_id) WHERE last <> closing_balance"
    ) == [(0,)]


def test_ids_are_without_gap_and_in_order_of_time(query: Query) -> None:
    assert query("SELECT min(trans_id), max(trans_id) = count(*) FROM ledger") == [(1, True)]
    assert query(
        "SELECT count(*) FROM (SELECT date < lag(date) OVER (ORDER BY trans_id) AS back"
        " FROM ledger) WHERE back"
    ) == [(0,)]


def test_control_totals_and_types(query: Query) -> None:
    ((rows, amount, kind),) = query(
        "SELECT count(*), sum(amount), typeof(any_value(amount)) FROM ledger"
    )
    assert query("SELECT sum(transactions)::BIGINT, sum(amount) FROM control_total") == [
        (rows, amount)
    ]
    assert kind == "DECIMAL(18,2)"
    assert isinstance(amount, Decimal)


def test_codes_belong_to_their_types(query: Query) -> None:
    found = query(
        "SELECT type, list(DISTINCT operation ORDER BY operation) FROM ledger GROUP BY 1 ORDER BY 1"
    )
    assert found == [("credit", ["CAB", "CCK"]), ("debit", ["CCW", "RAB", "WCA"])]


def test_nothing_moves_on_dormant_accounts_or_after_a_client_left(query: Query) -> None:
    assert query("SELECT count(*) > 0 FROM churn") == [(True,)]
    assert query(
        "SELECT count(*) FROM ledger JOIN account USING (account_id)"
        " WHERE is_dormant OR date >= inactive_from OR date < opened_at::DATE"
    ) == [(0,)]
    assert query(
        "SELECT count(*) FROM churn JOIN account ON owner_client_id = client_id"
        " WHERE inactive_from > churn_date"
    ) == [(0,)]


def test_salaries_are_found_where_the_truth_says(query: Query) -> None:
    rows = query(
        "SELECT salary.client_id, any_value(payments), count(ledger.trans_id) FROM salary"
        " LEFT JOIN ledger ON ledger.account_id = salary.account_id AND operation = 'CAB'"
        " AND type = 'credit' AND abs(amount - monthly_amount) <= monthly_amount * 0.1"
        " AND hour(date) < 7 GROUP BY 1"
    )
    assert len(rows) > 200
    assert all(found >= planted for _, planted, found in rows)
    assert query(
        "SELECT min(day_of_month), max(day_of_month) FROM salary WHERE kind = 'salary'"
    ) == [(23, 27)]
    assert query(
        "SELECT median(monthly_amount) BETWEEN 1800 AND 3800 FROM salary WHERE kind = 'salary'"
    ) == [(True,)]


def test_spending_follows_the_week(query: Query) -> None:
    ((saturday, sunday),) = query(
        "SELECT avg(n) FILTER (dayofweek(day) = 6), avg(n) FILTER (dayofweek(day) = 0) FROM"
        " (SELECT date::DATE AS day, count(*) AS n FROM ledger WHERE operation = 'CCW' GROUP BY 1)"
    )
    assert saturday > sunday * 1.5


def test_late_rows_are_recorded_after_their_date(query: Query) -> None:
    ((share, least, most),) = query(
        "SELECT (SELECT count(*) FROM late_transaction) / (SELECT count(*) FROM ledger),"
        " min(recorded_at - business_date), max(recorded_at - business_date) FROM late_transaction"
    )
    assert 0.005 < share < 0.015
    assert (least, most) == (1, 5)
    assert query("SELECT max(recorded_at) = DATE '2024-06-30' FROM ledger") == [(True,)]
