"""The extraction over a real JDBC driver on Spark itself: types and order, too."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import duckdb
import pytest

from customer360_assets.extraction import TransactionTable, extract_transactions
from simulator.core_banking import core_banking
from simulator.simulate import Simulated
from tests.aws.emulation.job_machine import Spark
from tests.aws.over_tcp import over_tcp
from tests.engines.installed import demand
from tests.extraction.conftest import bank, source
from tests.extraction.test_transactions import LAST
from tests.patience import PATIENCE

__all__ = ["bank"]
SCRIPT = Path(__file__).with_name("jdbc_on_jvm.py")
pytestmark = pytest.mark.engines


def test_rows_are_those_of_the_local_extraction(
    bank: Simulated, aws_endpoint: str, tmp_path: Path
) -> None:
    demand()
    spark = Spark(aws_endpoint, tmp_path / "spark")
    with core_banking(bank.transactions_files, tmp_path / "pg") as core:
        local = extract_transactions(source(core, look_back=2), tmp_path / "local", LAST)
        spec = {
            "table": TransactionTable().model_dump(),
            "first": "2024-06-28", "last": "2024-06-30", "history": "2024-06-27",
            "output": str(tmp_path / "out"), "totals": str(tmp_path / "totals.json"),
        }  # fmt: skip
        with over_tcp(core) as url:
            (tmp_path / "spec.json").write_text(json.dumps({**spec, "url": url}))
            done = subprocess.run(
                [*spark.command(str(SCRIPT), []), tmp_path / "spec.json"],
                # A zone that is not UTC: dates must not depend on the machine's own.
                env={**spark.variables(aws_endpoint), "TZ": "America/New_York"},
                cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False,
            )  # fmt: skip
    assert done.returncode == 0, [t for t in done.stderr.splitlines() if " INFO " not in t]
    totals = json.loads((tmp_path / "totals.json").read_text())
    assert sum(t[2] for t in totals) == local.rows
    for file in local.files:
        date = f"{file.stem[-8:-4]}-{file.stem[-4:-2]}-{file.stem[-2:]}"
        (on_jvm,) = (tmp_path / "out" / f"file={date}").glob("*.parquet")
        columns = duckdb.execute(f"DESCRIBE FROM read_parquet('{on_jvm}', hive_partitioning=false)")
        assert [c[:2] for c in columns.fetchall()] == [
            c[:2] for c in duckdb.execute(f"DESCRIBE FROM '{file}'").fetchall()
        ]
        # In the same order too: Spark writes a partition as it is sorted.
        read = f"FROM read_parquet('{on_jvm}', hive_partitioning=false)"
        assert duckdb.execute(read).fetchall() == duckdb.execute(f"FROM '{file}'").fetchall()
