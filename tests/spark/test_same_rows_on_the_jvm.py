"""The scripts as spark-submit runs them, on Spark itself: the rows are the local engine's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from resources.embedded.duckdb_spark_engine import DuckDbSparkEngine
from resources.protocols.spark_engine import job_arguments
from tests.patience import PATIENCE
from tests.spark.conftest import SCRIPTS, script_of
from tests.spark.spark_bank import (
    BOUNDS,
    HISTORY,
    PROFILE,
    day,
    deliver,
    edges,
    generated,
    rows_of,
)

pytestmark = pytest.mark.slow

CASES = {
    "by hand, May": ("customer_history", HISTORY, "2024-05-31"),
    "before any delivery": ("customer_history", HISTORY, "2023-12-31"),
    "no transaction": ("customer_history", {**HISTORY, "stage.transaction": []}, "2024-05-31"),
    "generated, leap day": ("customer_history", generated(2), "2024-02-29"),
    "at the bounds": ("customer_history", BOUNDS, "2024-05-31"),
    "profile at the bounds": ("customer_360", BOUNDS, "2024-05-31"),
    "profile": ("customer_360", PROFILE, "2024-05-31"),
    "edges": ("edges", edges(), "2024-05-31"),
}
# As a short local run wants it: without a cluster's 200 shuffle partitions and the slow compiler.
CONF = {
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
}


@pytest.fixture(scope="module")
def jvm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run every case in one JVM (its start takes 9 s); return the folder of their outputs."""
    folder = tmp_path_factory.mktemp("jvm")
    jobs = []
    for name, (script, tables, date) in CASES.items():
        files = deliver(tables, folder / name / "in")
        argv = [*job_arguments(files, str(folder / name / "out"), day(date)), "--JOB_NAME", "x"]
        jobs.append({"script": str(script_of(script, folder / "scripts")), "argv": argv})
    (folder / "jobs.json").write_text(json.dumps(jobs))
    submit = Path(sys.executable).with_name("spark-submit")
    options = ["--master", "local[2]", "--py-files", SCRIPTS / "job.py"]
    options += [part for name, value in CONF.items() for part in ("--conf", f"{name}={value}")]
    # A client of Spark Connect leaves SPARK_CONNECT_MODE_ENABLED behind, which rules out a JVM.
    variables = {n: v for n, v in os.environ.items() if not n.startswith("SPARK_")}
    done = subprocess.run(
        [submit, *options, Path(__file__).with_name("on_jvm.py"), folder / "jobs.json"],
        env={**variables, "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    return folder


@pytest.mark.parametrize("name", CASES)
def test_rows_are_those_of_the_local_engine(
    jvm: Path, engine: DuckDbSparkEngine, tmp_path: Path, name: str
) -> None:
    script, _tables, date = CASES[name]
    inputs = {
        folder.name: sorted(str(f) for f in folder.rglob("*.parquet"))
        for folder in (jvm / name / "in").iterdir()
    }
    path = script_of(script, tmp_path / "scripts")
    files = engine.run(path, inputs, tmp_path / "out", day(date)).files
    on_jvm = sorted((jvm / name / "out").glob("*.parquet"))
    assert rows_of(files) == rows_of(on_jvm)


def test_types_are_those_of_the_local_engine_and_iceberg_can_take_them(
    jvm: Path, engine: DuckDbSparkEngine, tmp_path: Path
) -> None:
    for name in ("by hand, May", "profile", "edges"):
        script, tables, date = CASES[name]
        files = deliver(tables, tmp_path / name / "in")
        path = script_of(script, tmp_path / name)
        done = engine.run(path, files, tmp_path / name / "out", day(date))
        (on_jvm,) = (jvm / name / "out").glob("*.parquet")
        types = [{f.name: f.type for f in pq.read_schema(f)} for f in (done.files[0], on_jvm)]
        assert types[0] == types[1]
        assert "INT96" not in str(pq.ParquetFile(on_jvm).schema)


def test_clients_are_in_order(jvm: Path) -> None:
    (file,) = (jvm / "generated, leap day" / "out").glob("*.parquet")
    clients = pq.read_table(file)["client_id"].to_pylist()
    assert clients == sorted(clients)
    assert len(clients) == 60
