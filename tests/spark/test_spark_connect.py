"""The scripts on a Spark Connect server: the rows of the engine within the process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from pysail.spark import SparkConnectServer

from resources.deployment.deployment import Deployment
from resources.embedded.duckdb_spark_engine import DuckDbSparkEngine
from resources.embedded.spark_connect_engine import SparkConnectEngine
from resources.wiring.deployed import services_of
from resources.wiring.local import SPARK_REMOTE
from tests.spark.conftest import SCRIPTS
from tests.spark.spark_bank import HISTORY, day, deliver, rows_of

SCRIPT = SCRIPTS / "customer_history.py"
D = day("2024-05-31")


@pytest.fixture(scope="module")
def remote() -> Iterator[str]:
    with mock.patch.dict(os.environ, RUST_LOG="off"):
        server = SparkConnectServer(ip="127.0.0.1", port=0)
        server.start(background=True)
    host, port = server.listening_address
    yield f"sc://{host}:{port}"
    server.stop()


def test_a_home_uses_the_server_that_the_environment_names(
    remote: str, engine: DuckDbSparkEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SPARK_REMOTE, remote)
    there = services_of(Deployment(home=tmp_path / "home"))["spark"]
    assert isinstance(there, SparkConnectEngine)
    inputs = deliver(HISTORY, tmp_path / "in")
    theirs = there.run(SCRIPT, inputs, tmp_path / "there", D)
    there.close()
    ours = engine.run(SCRIPT, inputs, tmp_path / "here", D)
    assert theirs.rows == ours.rows > 0
    assert rows_of(theirs.files) == rows_of(ours.files)
