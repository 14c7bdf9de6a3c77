from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from customer360_assets.contracts import contract, contracts
from resources.embedded.duckdb_spark_engine import DuckDbSparkEngine
from resources.protocols.spark_engine import SparkJobError
from tests.spark.conftest import SCRIPTS, RunJob
from tests.spark.spark_bank import PROFILE, day, deliver, instant

D = day("2024-05-31")


def test_dimensions_stand_side_by_side_whatever_they_are(run_job: RunJob) -> None:
    rows = run_job("customer_360", PROFILE, D)
    assert [row["client_id"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert [n for n in rows[0] if n.startswith(("alpha_", "beta_"))] == [
        "alpha_items",
        "alpha_share",
        "beta_name",
        "beta_rate",
    ]
    assert (rows[1]["alpha_items"], rows[1]["alpha_share"]) == (2, Decimal("0.10"))
    assert (rows[1]["beta_name"], rows[1]["beta_rate"]) == ("b2", 0.5)


def test_a_client_without_accounts_has_its_row(run_job: RunJob) -> None:
    client = run_job("customer_360", PROFILE, D)[4]
    assert client["client_id"] == 5
    assert client["branch_id"] is None
    assert client["beta_name"] is None


def test_home_branch_is_that_of_the_oldest_account_owned(run_job: RunJob) -> None:
    branches = {r["client_id"]: r["branch_id"] for r in run_job("customer_360", PROFILE, D)}
    assert branches == {1: 7, 2: 7, 3: None, 4: None, 5: None, 6: 2}


def test_an_account_of_the_future_is_no_home(run_job: RunJob) -> None:
    later = instant("2024-06-01T00:00:00")
    accounts = [
        (date, account, branch, later if account >= 600 else created)
        for date, account, branch, created in PROFILE["stage.account"]
    ]
    rows = run_job("customer_360", {**PROFILE, "stage.account": accounts}, D)
    branches = {r["client_id"]: r["branch_id"] for r in rows}
    assert (branches[1], branches[6]) == (7, None)


def test_the_deliveries_it_rests_on_are_named(run_job: RunJob) -> None:
    row = run_job("customer_360", PROFILE, D)[0]
    dates = {n: v for n, v in row.items() if n.startswith("delivered_") and v is not None}
    assert dates == {
        "delivered_card": day("2024-05-30"),
        "delivered_ga_session": day("2024-05-28"),
    }


def test_a_file_of_many_dates_is_dated_by_those_up_to_the_business_date(run_job: RunJob) -> None:
    as_of = day("2024-03-31")
    row = run_job("customer_360", {**PROFILE, "stage.customer": [(as_of, 1, None)]}, as_of)[0]
    assert row["delivered_ga_session"] == day("2024-02-29")
    assert row["delivered_disposition"] is None


def test_customer_since_is_a_date(run_job: RunJob) -> None:
    assert run_job("customer_360", PROFILE, D)[0]["customer_since"] == day("2020-02-29")


def test_a_client_twice_in_a_dimension_stops_the_job(run_job: RunJob) -> None:
    twice = [*PROFILE["dimension.beta"], (D, 2, "again", 0.1)]
    with pytest.raises(SparkJobError, match=r"dimension\.beta: 1 clients have several rows$"):
        run_job("customer_360", {**PROFILE, "dimension.beta": twice}, D)


def test_a_client_twice_in_crm_stops_the_job(run_job: RunJob) -> None:
    twice = [*PROFILE["stage.customer"], (day("2024-05-20"), 2, instant("2020-01-01T00:00:00"))]
    with pytest.raises(SparkJobError, match=r"stage\.customer: 1 clients have several rows$"):
        run_job("customer_360", {**PROFILE, "stage.customer": twice}, D)


def test_two_dimensions_with_one_name_stop_the_job(
    engine: DuckDbSparkEngine, tmp_path: Path
) -> None:
    files = deliver(PROFILE, tmp_path / "in")
    files["dimension.gamma"] = files["dimension.beta"]
    with pytest.raises(SparkJobError, match="in more than one dimension: beta_name, beta_rate"):
        engine.run(SCRIPTS / "customer_360.py", files, tmp_path / "out", D)


def test_the_contract_is_the_base_and_every_dimension() -> None:
    columns = {c.name: c for c in contract("profile.customer_360").columns}
    for dimension in contracts("dimension"):
        for column in dimension.columns:
            if column.name in dimension.key:
                continue
            taken = columns[column.name]
            assert (taken.type, taken.nullable, taken.pii, taken.description) == (
                column.type,
                column.nullable,
                column.pii,
                column.description,
            )
            assert taken.derived_from == (f"{dimension.table}.{column.name}",)
    assert all(c.derived_from for c in columns.values() if c.name != "business_date")


def test_base_columns_of_script_and_contract_agree(run_job: RunJob) -> None:
    columns = list(run_job("customer_360", PROFILE, D)[0])
    base = [c for c in columns if not c.startswith(("alpha_", "beta_"))]
    declared = [c.name for c in contract("profile.customer_360").columns]
    assert set(base) == set(declared[: len(base)])


def test_an_input_that_is_not_there_is_named(engine: DuckDbSparkEngine, tmp_path: Path) -> None:
    files = deliver(PROFILE, tmp_path / "in")
    script = SCRIPTS / "customer_360.py"
    with pytest.raises(SparkJobError, match=r"customer_360.py: --inputs has no stage.account"):
        engine.run(
            script, {n: f for n, f in files.items() if n != "stage.account"}, tmp_path / "o", D
        )
    Path(files["stage.account"][0]).unlink()
    with pytest.raises(SparkJobError, match=r"customer_360.py: stage.account lacks .*rows.parquet"):
        engine.run(script, files, tmp_path / "out", D)


def test_an_error_holds_no_value(engine: DuckDbSparkEngine, tmp_path: Path) -> None:
    script = tmp_path / "careless.py"
    (tmp_path / "job.py").write_text((SCRIPTS / "job.py").read_text())
    script.write_text(
        "import job\nfrom pyspark.sql import functions as F\n"
        "def transform(inputs, day):\n"
        "    return inputs['dimension.beta'].withColumn('n', F.col('beta_name').cast('int'))\n"
        "def main(argv, spark): job.run(transform, argv, spark)\n"
    )
    with pytest.raises(SparkJobError) as failed:
        engine.run(script, deliver(PROFILE, tmp_path / "in"), tmp_path / "out", D)
    assert str(failed.value).startswith("careless.py: writing 5 columns: ")
    assert "b1" not in str(failed.value)
    assert failed.value.__cause__ is None
