"""A lake whose `raw.card` holds rows, and the Athena engine over it."""

from __future__ import annotations

from pathlib import Path

import pytest

from resources.account.aws_names import AwsNames
from resources.athena.engine import AthenaEngine
from resources.iceberg.glue_lake import GlueLake
from tests.aws.athena.athena_environment import engine_of, lake_of
from tests.aws.emulation.athena import Athena


@pytest.fixture
def lake(aws: AwsNames, tmp_path: Path) -> GlueLake:
    return lake_of(aws, tmp_path)


@pytest.fixture
def engine(lake: GlueLake, athena: Athena) -> AthenaEngine:
    return engine_of(lake)
