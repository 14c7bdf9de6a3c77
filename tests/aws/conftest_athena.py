"""An emulated Athena behind the stage of a test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import pytest

from customer360_assets.aws_names import AwsNames
from tests.aws.emulation.athena import Athena
from tests.aws.emulation.athena_tables import service


@contextmanager
def emulated_athena(endpoint: str, names: AwsNames, cache: Path) -> Iterator[Athena]:
    """Give an Athena over the account at `endpoint`; the environment names it meanwhile."""
    account = service("athena", endpoint, names.region)
    known = {group["Name"] for group in account.list_work_groups()["WorkGroups"]}
    if names.workgroup not in known:
        account.create_work_group(Name=names.workgroup, Configuration={})
    cache.mkdir(parents=True, exist_ok=True)
    with (
        Athena(endpoint, names.region, cache) as athena,
        mock.patch.dict(os.environ, {"AWS_ENDPOINT_URL_ATHENA": athena.url}),
    ):
        yield athena


@pytest.fixture
def athena(aws_endpoint: str, aws: AwsNames, tmp_path: Path) -> Iterator[Athena]:
    """Give an Athena that runs queries over the tables of the stage."""
    with emulated_athena(aws_endpoint, aws, tmp_path / "athena") as found:
        yield found
