from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from pathlib import Path

import pytest

from customer360_assets.contracts import contract
from resources.embedded.duckdb_engine import DuckDbEngine
from resources.embedded.duckdb_spark_engine import DuckDbSparkEngine
from tests.spark.conftest import SCRIPTS, RunJob
from tests.spark.spark_bank import (
    BOUNDS,
    HISTORY,
    MOST,
    TRANSACTIONS,
    day,
    deliver,
    generated,
    rows_of,
)

D = day("2024-05-31")


def by_client(rows: list[dict]) -> dict[int, dict]:
    found = {row["client_id"]: row for row in rows}
    assert len(found) == len(rows)
    return found


def test_one_row_per_client_of_the_newest_snapshot(run_job: RunJob) -> None:
    rows = run_job("customer_history", HISTORY, D)
    assert [row["client_id"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert {row["business_date"] for row in rows} == {D}


def test_values_computed_by_hand_at_the_end_of_may(run_job: RunJob) -> None:
    client = by_client(run_job("customer_history", HISTORY, D))[1]
    expected = {
        # [2024-03-01, 2024-06-01): transactions 4 (as corrected), 5 and 6
        "history_credit_count_3m": 2,
        "history_credit_sum_3m": Decimal("3.00"),
        "history_credit_avg_3m": Decimal("1.5000"),
        "history_debit_count_3m": 1,
        "history_debit_sum_3m": Decimal("11.00"),
        "history_debit_avg_3m": Decimal("11.0000"),
        # [2023-12-01, 2024-06-01): 2 and 3 as well
        "history_credit_count_6m": 3,
        "history_credit_sum_6m": Decimal("3.01"),
        "history_credit_avg_6m": Decimal("1.0033"),
        "history_debit_count_6m": 2,
        "history_debit_sum_6m": Decimal("61.50"),
        "history_debit_avg_6m": Decimal("30.7500"),
        "history_card_withdrawal_count_6m": 1,
        "history_card_withdrawal_sum_6m": Decimal("11.00"),
        "history_cash_credit_count_6m": 0,
        "history_cash_credit_sum_6m": Decimal("0.00"),
        "history_collection_count_6m": 1,
        "history_collection_sum_6m": Decimal("0.01"),
        "history_cash_withdrawal_count_6m": 1,
        "history_cash_withdrawal_sum_6m": Decimal("50.50"),
        "history_remittance_count_6m": 0,
        "history_remittance_sum_6m": Decimal("0.00"),
        "history_no_operation_count_6m": 2,
        "history_no_operation_sum_6m": Decimal("3.00"),
        "history_largest_credit_6m": Decimal("2.00"),
        "history_largest_debit_6m": Decimal("50.50"),
        "history_last_credit_date": D,
        "history_last_credit_amount": Decimal("1.00"),  # of 5 and 6 on that day, 6
        "history_last_debit_date": day("2024-03-01"),
        "history_last_debit_amount": Decimal("11.00"),
        "history_last_transaction_date": D,
    }
    assert {name: client[name] for name in expected} == expected
    assert set(client) == {"business_date", "client_id", *expected}


def test_values_computed_by_hand_at_the_end_of_february(run_job: RunJob) -> None:
    clients = by_client(run_job("customer_history", HISTORY, day("2024-02-29")))
    assert sorted(clients) == [1, 2, 9]
    owner = clients[9]
    assert owner["history_credit_count_3m"] == 1
    assert owner["history_credit_sum_3m"] == Decimal("0.01")
    assert owner["history_credit_count_6m"] == 2
    assert owner["history_credit_avg_6m"] == Decimal("500.0050")
    assert owner["history_debit_sum_3m"] == Decimal("50.50")
    assert owner["history_last_debit_date"] == day("2024-02-29")
    assert clients[1]["history_credit_count_6m"] == 0


def test_values_at_the_bounds_of_stage(run_job: RunJob) -> None:
    """20,000 of the highest amounts, and dates before the calendar's reform."""
    clients = by_client(run_job("customer_history", BOUNDS, D))
    assert clients[1]["history_credit_sum_3m"] == 20_000 * MOST
    assert clients[1]["history_collection_sum_6m"] == 20_000 * MOST
    assert clients[1]["history_credit_avg_6m"] == MOST
    assert clients[1]["history_last_debit_date"] == day("0001-01-01")
    assert clients[2]["history_last_debit_date"] == day("1500-02-28")
    assert clients[2]["history_last_debit_amount"] == MOST
    assert clients[2]["history_last_credit_date"] is None


def test_a_joint_account_counts_for_its_primary_owner_alone(run_job: RunJob) -> None:
    clients = by_client(run_job("customer_history", HISTORY, D))
    assert clients[2]["history_debit_sum_6m"] == Decimal("99.99")  # of account 200, 12 is no client
    assert clients[2]["history_credit_count_6m"] == 0
    assert clients[3]["history_credit_count_6m"] == 0  # a user owns nothing


def test_none_is_zero_and_unknown_is_null(run_job: RunJob) -> None:
    idle = by_client(run_job("customer_history", HISTORY, D))[5]
    counted = [name for name in idle if re.search("_(count|sum)_", name)]
    assert counted
    assert all(idle[name] == 0 for name in counted)
    others = set(idle) - set(counted) - {"business_date", "client_id"}
    assert {idle[name] for name in others} == {None}


@pytest.mark.parametrize("missing", ["stage.transaction", "stage.disposition"])
def test_what_nobody_delivered_is_null(run_job: RunJob, missing: str) -> None:
    rows = run_job("customer_history", {**HISTORY, missing: []}, D)
    assert len(rows) == 6
    assert {v for row in rows for n, v in row.items() if n.startswith("history_")} == {None}


def test_nothing_is_known_before_the_first_delivery(run_job: RunJob) -> None:
    assert run_job("customer_history", HISTORY, day("2023-12-31")) == []


def test_an_average_rounds_half_up(run_job: RunJob) -> None:
    client = by_client(run_job("customer_history", HISTORY, D))[4]
    assert client["history_credit_count_6m"] == 8
    assert client["history_credit_avg_6m"] == Decimal("0.0013")  # 0.01 / 8 = 0.00125


def test_debit_counts_are_not_read_from_credit_figures(run_job: RunJob) -> None:
    client = by_client(run_job("customer_history", HISTORY, D))[2]
    assert (client["history_debit_count_3m"], client["history_credit_count_3m"]) == (1, 0)


def test_an_average_is_not_an_average_of_averages(run_job: RunJob) -> None:
    other_account = (day("2024-05-01"), 90, 200, day("2024-05-01"), "credit", None, Decimal(8))
    tables = {
        **HISTORY,
        "stage.disposition": [
            (day("2024-05-20"), 1, 100, 1, "owner"),
            (day("2024-05-20"), 2, 200, 1, "owner"),
        ],
        "stage.transaction": [*TRANSACTIONS, other_account],
    }
    client = by_client(run_job("customer_history", tables, D))[1]
    assert client["history_credit_avg_3m"] == Decimal("3.6667")  # (1 + 2 + 8) / 3, not (1.5 + 8)/2


def test_a_second_run_replaces_and_appends_nothing(
    engine: DuckDbSparkEngine, tmp_path: Path
) -> None:
    files, output = deliver(HISTORY, tmp_path / "in"), tmp_path / "out"
    script = SCRIPTS / "customer_history.py"
    first, second = (rows_of(engine.run(script, files, output, D).files) for _ in range(2))
    assert first == second


def test_a_day_is_rebuilt_alike_when_later_ones_have_been_delivered(run_job: RunJob) -> None:
    known_then = {table: [r for r in rows if r[0] <= D] for table, rows in HISTORY.items()}
    then = run_job("customer_history", known_then, D)
    assert run_job("customer_history", HISTORY, D) == then


@pytest.mark.parametrize("date", ["2024-05-31", "2024-02-29", "2024-08-31"])
def test_sums_over_clients_are_sums_over_transactions(
    run_job: RunJob, tmp_path: Path, date: str
) -> None:
    tables = generated()
    rows = run_job("customer_history", tables, day(date))
    control = contract("dimension.customer_history").controls[0]
    sql = DuckDbEngine(temp_directory=tmp_path / "spill")
    total = sql.one(
        f"SELECT ({control.source}) AS total",
        params=[day(date)],
        inputs=deliver(tables, tmp_path / "in"),
    )["total"]
    of_clients = sum(r["history_credit_sum_6m"] + r["history_debit_sum_6m"] for r in rows)
    assert of_clients == total > 0
    by_operation = [n for n in rows[0] if re.search("_sum_6m", n) and not re.search("dit|deb", n)]
    operations = [*by_operation, "history_cash_credit_sum_6m"]
    assert len(operations) == 6
    assert sum(r[n] for r in rows for n in operations) == total


def test_candidate_and_contract_have_the_same_columns(
    engine: DuckDbSparkEngine, tmp_path: Path
) -> None:
    import pyarrow.parquet as pq

    done = engine.run(
        SCRIPTS / "customer_history.py", deliver(HISTORY, tmp_path / "in"), tmp_path / "out", D
    )
    spelled = {"bigint": "int64", "date": "date32[day]"}
    expected = {
        c.name: spelled.get(c.type, c.type.replace("decimal", "decimal128").replace(",", ", "))
        for c in contract("dimension.customer_history").columns
    }
    schema = pq.read_schema(done.files[0])
    assert {f.name: str(f.type) for f in schema} == expected


def test_no_clock_is_read() -> None:
    text = "".join(p.read_text() for p in SCRIPTS.glob("*.py"))
    assert not re.search(r"current_date|current_timestamp|today\(|now\(", text)
    assert dt.date.today() > D  # noqa: DTZ011 (the tests above would differ were it read)
