"""An emulated Athena behind the environment of a test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import pytest

from resources.account.aws_names import AwsNames
from tests.aws.emulation.athena import Athena
from tests.aws.emulation.athena_back_end import MakeBackEnd
from tests.aws.emulation.athena_duckdb import DuckDbBackEnd
from tests.aws.emulation.athena_tables import service
from tests.aws.emulation.athena_trino import TrinoBackEnd
from tests.aws.environment import REGION
from tests.engines.trino_client import Trino


@contextmanager
def emulated_athena(
    endpoint: str, names: AwsNames, cache: Path, back_end: MakeBackEnd = DuckDbBackEnd
) -> Iterator[Athena]:
    """Yield an Athena over the account at `endpoint`, which the process's variables name."""
    account = service("athena", endpoint, names.region)
    known = {group["Name"] for group in account.list_work_groups()["WorkGroups"]}
    if names.workgroup not in known:
        account.create_work_group(Name=names.workgroup, Configuration={})
    cache.mkdir(parents=True, exist_ok=True)
    with (
        Athena(endpoint, names.region, back_end(endpoint, names.region, cache)) as athena,
        mock.patch.dict(os.environ, {"AWS_ENDPOINT_URL_ATHENA": athena.url}),
    ):
        yield athena


@pytest.fixture(
    scope="session", params=["duckdb", pytest.param("trino", marks=pytest.mark.engines)]
)
def back_end(request: pytest.FixtureRequest, aws_endpoint: str) -> Iterator[MakeBackEnd]:
    """Return what the emulated Athena runs on: DuckDB, quick, and the engine that Athena is."""
    if request.param == "duckdb":
        yield DuckDbBackEnd
        return
    server: Trino = request.getfixturevalue("trino")
    with server.at(aws_endpoint, REGION, "awsdatacatalog") as trino:
        yield lambda endpoint, region, _cache: TrinoBackEnd(trino, endpoint, region)


@pytest.fixture
def athena(
    aws_endpoint: str, aws: AwsNames, tmp_path: Path, back_end: MakeBackEnd
) -> Iterator[Athena]:
    """Return an Athena that runs queries over the tables of the environment."""
    with emulated_athena(aws_endpoint, aws, tmp_path / "athena", back_end) as found:
        yield found
