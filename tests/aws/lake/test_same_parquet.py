"""A file that a job writes anew with the same rows is the same file, whatever its footer says."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from resources.account.aws_names import AwsNames
from resources.account.client import client
from resources.s3.mirror import address
from resources.s3.same_parquet import same_parquet

ROWS = pa.table({"trans_id": [1, 2, 3], "amount": ["1.00", "2.50", None]})


def _written(rows: pa.Table, note: str) -> bytes:
    target = io.BytesIO()
    with pq.ParquetWriter(target, rows.schema, store_schema=False) as writer:
        writer.write_table(rows)
        writer.add_key_value_metadata({"note": note})
    return target.getvalue()


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (ROWS, True),
        (ROWS.set_column(0, "trans_id", pa.array([1, 2, 4])), False),
        (ROWS.rename_columns(["account_id", "amount"]), False),
        (ROWS.slice(0, 2), False),
    ],
)
def test_rows_names_and_types_decide(aws: AwsNames, other: pa.Table, same: bool) -> None:
    s3 = client("s3", aws.region)
    first, second = f"{aws.landing}/a.parquet", f"{aws.landing}/b.parquet"
    for uri, content in ((first, _written(ROWS, "x")), (second, _written(other, "another"))):
        s3.put_object(**address(uri), Body=content)
    assert _written(ROWS, "x") != _written(other, "another")
    assert same_parquet(s3, first, second) is same
