"""A client of the emulated Athena, its queries' states, and a step that asks."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator

import pytest

from resources.account.aws_names import AwsNames
from resources.athena.client import AthenaClient
from resources.protocols.work import Work, begin, current_work
from tests.aws.emulation.athena import Athena
from tests.patience import PATIENCE

ENDLESS = "SELECT count(*) AS n FROM (VALUES 1, 2, 3, 4, 5, 6, 7, 8, 9, 10) AS t0 (x)" + "".join(
    f" CROSS JOIN (VALUES 1, 2, 3, 4, 5, 6, 7, 8, 9, 10) AS t{i} (x)" for i in range(1, 14)
)


def made(names: AwsNames, **settings: object) -> AthenaClient:
    return AthenaClient(
        region=names.region,
        workgroup=names.workgroup,
        database=names.temporary_database,
        output=names.temporary,
        **settings,  # type: ignore[arg-type]
    )


@pytest.fixture
def client(aws: AwsNames, athena: Athena) -> AthenaClient:
    return made(aws)


@pytest.fixture
def step() -> Iterator[Work]:
    before = current_work()
    work = Work("run-1", "run-1", "stage.card", "2024-05-22", logging.getLogger("athena"))
    begin(work)
    yield work
    begin(before)  # type: ignore[arg-type]


def states(athena: Athena) -> list[str]:
    return [query.state for query in athena.queries.values()]


def ended(athena: Athena, within: float = PATIENCE) -> list[str]:
    """Return the states once every query has a final one."""
    until = time.monotonic() + within
    while {"QUEUED", "RUNNING"} & set(states(athena)) and time.monotonic() < until:
        time.sleep(0.02)
    return states(athena)
