"""The Athena engine: rows in candidates, what it refuses, and what it leaves behind."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from customer360_assets.aws_names import AwsNames
from resources.athena_engine import AthenaEngine
from resources.lake_glue import GlueLake
from resources.lake_types import Partitions
from tests.aws.athena_stage import (
    COLUMNS,
    DAYS,
    PAN,
    engine_of,
    lake_of,
    temporary_tables,
)
from tests.aws.emulation.athena import Athena

SQL = (
    'SELECT business_date, id, amount, "text" FROM raw.card WHERE business_date >= CAST(? AS date)'
)


@pytest.fixture
def lake(aws: AwsNames, tmp_path: Path) -> GlueLake:
    return lake_of(aws, tmp_path)


@pytest.fixture
def engine(lake: GlueLake, athena: Athena) -> AthenaEngine:
    return engine_of(lake)


def test_a_candidate_is_published_as_it_was_written(lake: GlueLake, engine: AthenaEngine) -> None:
    inputs = {"raw.card": lake.files("raw.card", DAYS[0], DAYS[1])}
    output = lake.candidate_dir("stage.card", "run-1")
    made = engine.run(SQL, [DAYS[0]], inputs, output, COLUMNS, ["business_date"])
    assert made.rows == 3
    assert all(file.startswith(lake.mirror.uri(output)) for file in made.files)
    assert lake.files("stage.card") == []
    lake.publish("stage.card", made.files, Partitions.on(*DAYS), {"run_id": "run-1"})
    found = engine.query(
        'SELECT id, amount, "text" FROM stage.card ORDER BY id',
        inputs={"stage.card": lake.files("stage.card")},
    )
    assert found.to_pylist() == [
        {"id": 1, "amount": Decimal("1.10"), "text": PAN},
        {"id": 2, "amount": None, "text": "12"},
        {"id": 3, "amount": Decimal("-2.20"), "text": None},
    ]
    assert temporary_tables(lake) == []
