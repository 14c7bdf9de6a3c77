"""The extraction over a real JDBC driver on Spark itself, where a driver is at hand."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import pytest

from customer360_assets.extraction import TransactionTable, extract_transactions
from customer360_assets.simulator.core_banking import core_banking
from customer360_assets.simulator.simulate import Simulated
from tests.extraction.conftest import bank, source
from tests.extraction.test_transactions import LAST
from tests.patience import PATIENCE

__all__ = ["bank"]
PLACES = [
    *([os.environ["POSTGRES_JDBC_JAR"]] if "POSTGRES_JDBC_JAR" in os.environ else []),
    *map(str, Path("~/.m2/repository/org/postgresql").expanduser().rglob("postgresql-42*.jar")),
]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PLACES, reason="no PostgreSQL driver: set POSTGRES_JDBC_JAR"),
]


@contextmanager
def over_tcp(unix_socket: Path) -> Iterator[int]:
    """Give a port that leads to a server on a Unix socket: the driver speaks TCP alone."""
    listener = socket.create_server(("127.0.0.1", 0))

    def pump(one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)

    def accept() -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(str(unix_socket))
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=pump, args=pair, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()


def test_rows_are_those_of_the_local_extraction(bank: Simulated, tmp_path: Path) -> None:
    with core_banking(bank.transactions_files, tmp_path / "pg") as core:
        local = extract_transactions(source(core, look_back=2), tmp_path / "local", LAST)
        spec = {
            "table": TransactionTable().model_dump(),
            "first": "2024-06-28", "last": "2024-06-30", "history": "2024-06-27",
            "output": str(tmp_path / "out"), "totals": str(tmp_path / "totals.json"),
        }  # fmt: skip
        with over_tcp(core.server.room.folder / ".s.PGSQL.5432") as port:
            spec["url"] = f"jdbc:postgresql://127.0.0.1:{port}/bank"
            (tmp_path / "spec.json").write_text(json.dumps(spec))
            environment = {n: v for n, v in os.environ.items() if not n.startswith("SPARK_")}
            submit = Path(sys.executable).with_name("spark-submit")
            options = ["--master", "local[2]", "--jars", PLACES[0], "--conf"]
            done = subprocess.run(
                [submit, *options, "spark.sql.shuffle.partitions=2",
                 Path(__file__).with_name("jdbc_on_jvm.py"), tmp_path / "spec.json"],
                # A zone that is not UTC: dates must not hang on the machine's own.
                env={**environment, "PYSPARK_PYTHON": sys.executable,
                     "SPARK_LOCAL_IP": "127.0.0.1", "TZ": "America/New_York"},
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
