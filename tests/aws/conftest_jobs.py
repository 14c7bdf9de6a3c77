"""What the emulated Glue and EMR run scripts on."""

from __future__ import annotations

import pytest

from tests.aws.emulation.job_machine import Machine, Sail, Spark
from tests.engines.installed import demand


@pytest.fixture(scope="session", params=["sail", pytest.param("spark", marks=pytest.mark.engines)])
def machine(
    request: pytest.FixtureRequest, aws_endpoint: str, tmp_path_factory: pytest.TempPathFactory
) -> Machine:
    """Return Sail, quick, or the Spark that the services run."""
    if request.param == "sail":
        return Sail()
    demand()
    return Spark(aws_endpoint, tmp_path_factory.mktemp("spark"))
