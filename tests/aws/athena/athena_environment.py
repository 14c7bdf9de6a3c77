"""Small tables of an environment, and an engine over them, for the tests of Athena."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.schema import Schema
from pyiceberg.types import DateType, DecimalType, LongType, NestedField, StringType

from resources.account.aws_names import AwsNames
from resources.athena.engine import AthenaEngine
from resources.iceberg.glue_lake import GlueLake
from resources.protocols.lake_types import Partitions
from resources.protocols.work import Work
from resources.wiring.aws_sql import AthenaResource

PAN = "5536114288494476"
DAYS = [dt.date(2024, 5, 22), dt.date(2024, 5, 23)]
COLUMNS = [
    ("business_date", "date"),
    ("id", "bigint"),
    ("amount", "decimal(18,2)"),
    ("text", "varchar"),
]
SCHEMA = Schema(
    NestedField(1, "business_date", DateType(), required=False),
    NestedField(2, "id", LongType(), required=False),
    NestedField(3, "amount", DecimalType(18, 2), required=False),
    NestedField(4, "text", StringType(), required=False),
)
ROWS = {
    DAYS[0]: [(1, Decimal("1.10"), PAN), (2, None, "12")],
    DAYS[1]: [(3, Decimal("-2.20"), None)],
}


def lake_of(names: AwsNames, tmp_path: Path) -> GlueLake:
    """Return a lake of the environment whose `raw.card` holds ROWS."""
    lake = GlueLake(names=names, lake_dir=tmp_path / "lake")
    for table in ("raw.card", "stage.card"):
        lake.ensure(table, SCHEMA)
    publish(lake, "raw.card", ROWS)
    return lake


def publish(lake: GlueLake, table: str, rows: dict[dt.date, list[Any]]) -> None:
    """Replace the dates of a table."""
    folder = lake.candidate_dir(table, "rows")
    files = []
    for day, values in rows.items():
        path = folder / f"{day}.parquet"
        pq.write_table(arrow(day, values), path)
        files.append(str(path))
    lake.publish(table, files, Partitions.on(*rows), {"run_id": "r"})


def arrow(day: dt.date, values: Sequence[tuple[Any, ...]]) -> pa.Table:
    """Return rows of a date as Arrow."""
    ids, amounts, texts = zip(*values, strict=True)
    return pa.table(
        {
            "business_date": pa.array([day] * len(ids), pa.date32()),
            "id": pa.array(ids, pa.int64()),
            "amount": pa.array(amounts, pa.decimal128(18, 2)),
            "text": pa.array(texts, pa.string()),
        }
    )


def engine_of(lake: GlueLake, **settings: Any) -> AthenaEngine:
    """Return the engine that a run of the environment has, without its state machine."""
    made = AthenaResource(
        names=lake.names.model_dump_json(),
        lake_dir=str(lake.lake_dir),
        fan_out=False,
        **settings,
    ).create_resource(dg.build_init_resource_context())
    assert isinstance(made, AthenaEngine)
    return made


def work(run_id: str = "run-1", attempt_of: str = "run-1") -> Work:
    """Return the work of a step."""
    return Work(run_id, attempt_of, "stage.card", "2024-05-22", logging.getLogger("athena"))


def temporary_tables(lake: GlueLake) -> list[str]:
    """Return the tables of the environment's temporary database."""
    found = lake.catalog.list_tables(lake.names.temporary_database)
    return sorted(".".join(name) for name in found)


def temporary_objects(lake: GlueLake) -> list[str]:
    """Return the objects below the environment's temporary address, and metadata of candidates."""
    found = []
    for address in (lake.names.temporary, lake.names.table_location("stage", "card") + "/data"):
        bucket, _, prefix = address.removeprefix("s3://").partition("/")
        listed = lake.mirror.s3.list_objects_v2(Bucket=bucket, Prefix=f"{prefix}/")
        found += [o["Key"] for o in listed.get("Contents", ())]
    return [key for key in found if "/temporary/" in f"/{key}" or "/metadata/" in key]
