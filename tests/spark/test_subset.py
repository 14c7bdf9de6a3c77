"""What the local engine does not have is refused by name, before a row is read."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest

from resources.embedded.duckdb_spark_engine import DuckDbSparkEngine
from resources.protocols.spark_engine import SparkJobError
from tests.spark.conftest import SCRIPTS, script_of
from tests.spark.spark_bank import HISTORY, MAY, PROFILE, day, deliver, rows_of

D = day("2024-05-31")
SCRIPT = """
import datetime
import job
from pyspark.sql import functions as F
def transform(inputs, business_date):
    beta = inputs["dimension.beta"]
    return {body}
def main(argv, spark):
    job.run(transform, argv, spark)
"""
REFUSED = {
    "beta.fillna(0)": "DataFrame.fillna is not in the subset of this engine",
    "beta.select(F.rand())": "functions.rand is not in the subset of this engine",
    "beta.join(beta, 'client_id', 'outer')": "a outer join is not in the subset",
    "beta.join(beta, 'client_id')": "both sides have beta_name, beta_rate, business_date",
    "beta.select('nobody')": "nobody",
    "beta.select(F.col('beta_rate') / 2)": "a computed column needs a name",
    "beta.select(F.sum('beta_rate').alias('s'))": "a sum of DOUBLE depends on the order",
    "beta.select(F.col('beta_rate').cast('string').alias('t'))": "a cast of DOUBLE to string has",
    "beta.select(F.col('beta_rate').cast('decimal(9,2)').alias('t'))": "a cast of DOUBLE to",
    "beta.select(F.lit(datetime.datetime(2024, 1, 1)).alias('t'))": "a literal of type datetime",
    "beta.select(F.split('beta_name', '[a-z]').alias('t'))": "split takes no regular expression",
    "beta.where(F.col('client_id') == 1 and F.col('client_id') == 2)": "use & for and",
}


def run_body(body: str, engine: DuckDbSparkEngine, folder: Path) -> list[dict[str, object]]:
    script = script_of("edges", folder).with_name("own.py")
    script.write_text(SCRIPT.format(body=body))
    return rows_of(engine.run(script, deliver(PROFILE, folder / "in"), folder / "out", D).files)


@pytest.mark.parametrize("body", REFUSED)
def test_what_is_not_in_the_subset_is_named(
    engine: DuckDbSparkEngine, tmp_path: Path, body: str
) -> None:
    with pytest.raises(SparkJobError) as failed:
        run_body(body, engine, tmp_path)
    assert str(failed.value).startswith("own.py: transforming: ")
    assert REFUSED[body] in str(failed.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("body", "condition"),
    [
        ("F.col('client_id').cast('decimal(10,0)') / F.lit(0)", "DIVIDE_BY_ZERO"),
        ("F.col('beta_name').cast('date')", "CAST_INVALID_INPUT"),
        ("F.col('beta_name').cast('bigint')", "CAST_INVALID_INPUT"),
        ("F.lit('1e3').cast('bigint')", "CAST_INVALID_INPUT"),
        ("F.lit('epoch').cast('date')", "CAST_INVALID_INPUT"),
        ("F.col('client_id').cast('decimal(10,0)').cast('decimal(2,2)')", "ConversionException"),
    ],
)
def test_a_value_that_does_not_fit_stops_the_job_unquoted(
    engine: DuckDbSparkEngine, tmp_path: Path, body: str, condition: str
) -> None:
    with pytest.raises(SparkJobError) as failed:
        run_body(f"beta.select('client_id', ({body}).alias('x'))", engine, tmp_path)
    text = str(failed.value)
    assert text.startswith("own.py: writing 2 columns: ")
    assert condition in text
    assert not {"b1", "b2", "b3", "1e3", "epoch"} & set(text.replace("'", " ").split())


def test_another_module_or_setting_of_pyspark_is_refused(
    engine: DuckDbSparkEngine, tmp_path: Path
) -> None:
    script = tmp_path / "own.py"
    files = deliver(PROFILE, tmp_path / "in")
    script.write_text("from pyspark.ml import Pipeline\n")
    with pytest.raises(SparkJobError, match=r"own.py: pyspark.ml is not in the subset"):
        engine.run(script, files, tmp_path / "out", D)
    script.write_text(
        "def main(argv, spark): spark.conf.set('spark.sql.session.timeZone', 'Europe/Prague')\n"
    )
    with pytest.raises(SparkJobError, match="stopped by AnalysisException"):
        engine.run(script, files, tmp_path / "out", D)


def test_neither_pyspark_nor_java_is_needed_and_nothing_is_left_in_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    modules, path = set(sys.modules), list(sys.path)
    script = SCRIPTS / "customer_history.py"
    done = DuckDbSparkEngine().run(script, deliver(HISTORY, tmp_path / "in"), tmp_path / "out", D)
    assert done.rows == 6
    assert sys.modules["pyspark"] is None
    assert not {"job", "customer_history", "pyspark.sql"} & (set(sys.modules) - modules)
    assert sys.path == path


def test_jobs_of_one_process_side_by_side_keep_their_own_tables(tmp_path: Path) -> None:
    engine, script = DuckDbSparkEngine(), SCRIPTS / "customer_history.py"

    def one(clients: int) -> list[int]:
        tables = {**HISTORY, "stage.customer": [(MAY, n, None) for n in range(clients)]}
        folder = tmp_path / str(clients)
        return [r["client_id"] for r in rows_of(
            engine.run(script, deliver(tables, folder / "in"), folder / "out", D).files
        )]  # fmt: skip

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(one, (1, 5, 9, 13)))
    assert found == [list(range(n)) for n in (1, 5, 9, 13)]


def test_memory_is_limited(tmp_path: Path) -> None:
    engine = DuckDbSparkEngine(memory_limit="1MB")
    script = SCRIPTS / "customer_history.py"
    rows = [(MAY, n, n, MAY, "credit", None, Decimal(1)) for n in range(50_000)]
    files = deliver({**HISTORY, "stage.transaction": rows}, tmp_path / "in")
    with pytest.raises(SparkJobError, match="OutOfMemoryException"):
        engine.run(script, files, tmp_path / "out", D)
