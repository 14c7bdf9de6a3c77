"""An emulated AWS account on a free port of this process, and environments in it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from resources.account.aws_names import AwsNames
from resources.deployment.deployment import Deployment
from tests.aws.conftest_athena import athena, back_end  # noqa: F401 - fixtures
from tests.aws.conftest_jobs import machine  # noqa: F401 - a fixture
from tests.aws.environment import new_environment


@pytest.fixture(scope="session")
def aws_endpoint() -> Iterator[str]:
    """Yield the address of moto's server; each worker of a parallel run has its own."""
    from moto.server import ThreadedMotoServer

    from tests.aws.emulation import dynamodb_writes, glue_versions

    glue_versions.install()
    dynamodb_writes.install()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # else a line for each request
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws(aws_endpoint: str) -> Iterator[AwsNames]:
    """Yield the names of a new environment, fully created, that the process's variables name."""
    with new_environment(aws_endpoint) as names:
        yield names


@pytest.fixture
def aws_deployment(aws: AwsNames, tmp_path: Path) -> Deployment:
    """Return the deployment of a worker of that environment with an empty home."""
    return Deployment(home=tmp_path / "worker", aws=aws)
