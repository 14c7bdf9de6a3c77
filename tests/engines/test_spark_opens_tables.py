"""Iceberg in real Spark opens small tables: of the account by Glue, of a home by metadata file."""

from __future__ import annotations

from pathlib import Path

import pytest

from resources.account.aws_names import AwsNames
from resources.iceberg.local_lake import LocalLake
from resources.protocols.lake import Partitions
from tests.aws.athena.athena_environment import ROWS, lake_of
from tests.aws.athena.athena_environment import SCHEMA as COLUMNS
from tests.aws.conftest import aws
from tests.aws.whole.whole_environment import in_order
from tests.engines.installed import demand
from tests.engines.spark_iceberg import rows_in_spark, spark_with_iceberg
from tests.lake.lake_writers import DAY, SCHEMA, TABLE, Candidate

pytestmark = pytest.mark.engines

__all__ = ["aws"]


def test_rows_are_those_that_were_published(
    aws: AwsNames, aws_endpoint: str, tmp_path: Path
) -> None:
    demand()
    lake_of(aws, tmp_path)
    home = LocalLake(f"sqlite:///{tmp_path}/catalog.db?timeout=60", tmp_path / "a home")
    home.ensure(TABLE, SCHEMA)
    published = Partitions.on(DAY(1), DAY(2))
    home.publish(TABLE, Candidate(home)([1, 2], rows=2), published, {"run_id": "x"})
    places = {
        "account": f"account.{aws.database('raw')}.card",
        "home": home.load(TABLE).metadata_location,
    }
    spark = spark_with_iceberg(aws_endpoint, tmp_path / "spark")
    read = rows_in_spark(spark, aws_endpoint, places, tmp_path / "read")
    names = [column.name for column in COLUMNS.fields]
    rows = [(day, *row) for day, rows in ROWS.items() for row in rows]
    assert read["account"] == in_order(dict(zip(names, row, strict=True)) for row in rows)
    # By the names of the columns: amount, business_date, card_token, generation.
    assert sorted(row[1:3] for row in read["home"]) == [
        (DAY(day), f"token{number}") for day in (1, 2) for number in (0, 1)
    ]
