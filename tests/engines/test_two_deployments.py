"""One Trino serves two deployments whose buckets hold different files under the same key."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from resources.account.client import client
from resources.iceberg.candidate_tables import mount
from resources.iceberg.glue_lake import GlueLake
from tests.aws.environment import REGION, new_environment
from tests.engines.trino_client import Trino

pytestmark = pytest.mark.engines
KEY = "warehouse/raw/card/data/card-1/part-0.parquet"


def test_each_deployment_sees_its_own_file(aws_endpoint: str, trino: Trino, tmp_path: Path) -> None:
    with trino.at(aws_endpoint, REGION, "two_deployments") as server:
        assert [_rows(aws_endpoint, server, tmp_path, rows) for rows in (3, 700)] == [3, 700]


def _rows(endpoint: str, server: Trino, folder: Path, rows: int) -> int:
    """Return the rows that a new deployment's Trino counts in its file of so many."""
    file = folder / f"{rows}.parquet"
    pq.write_table(pa.table({"number": range(rows)}), file)
    with new_environment(endpoint) as names:
        lake = GlueLake(names, folder / f"{rows}")
        client("s3", REGION).upload_file(str(file), names.bucket("raw"), KEY)
        shown = mount(lake, [f"s3://{names.bucket('raw')}/{KEY}"])
        (counted,) = server.run(f"SELECT count(number) AS n FROM {shown}").to_pylist()
    return int(counted["n"])
