"""Spark with Iceberg: the account's Glue is its catalog, S3 its storage."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow.parquet as pq

from tests.aws.emulation.job_machine import Spark
from tests.aws.environment import REGION
from tests.aws.whole.whole_environment import Rows, in_order
from tests.patience import PATIENCE

JARS = ("iceberg-spark-runtime-3.5_2.12", "iceberg-aws-bundle")
COPY = Path(__file__).with_name("iceberg_rows.py")
# By the catalog's name in Spark: what reads the files of its tables. Both are the account's Glue.
CATALOGS = {
    "account": "org.apache.iceberg.aws.s3.S3FileIO",
    "home": "org.apache.iceberg.io.ResolvingFileIO",  # its files are where file:/// says
}


def spark_with_iceberg(moto: str, folder: Path) -> Spark:
    """Return a Spark that is configured as Iceberg's pages say for Glue."""
    conf: dict[str, str] = {}
    for name, files in CATALOGS.items():
        catalog = {
            "": "org.apache.iceberg.spark.SparkCatalog",
            ".catalog-impl": "org.apache.iceberg.aws.glue.GlueCatalog",
            ".io-impl": files,
            ".warehouse": "s3://none",  # every table states its place
            ".client.region": REGION,
            ".glue.endpoint": moto,
            ".s3.endpoint": moto,
            ".s3.path-style-access": "true",
        }
        conf |= {f"spark.sql.catalog.{name}{part}": value for part, value in catalog.items()}
    return Spark(moto, folder, JARS, conf)


def submit(spark: Spark, moto: str, script: Path, helpers: Path, arguments: Sequence[str]) -> str:
    """Run a script to its end; what it printed."""
    command = spark.command(str(script), ["--py-files", str(helpers)])
    done = subprocess.run(
        [*command, *arguments],
        env=spark.variables(moto),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, [t for t in done.stderr.splitlines() if " INFO " not in t][-40:]
    return done.stdout


def rows_in_spark(
    spark: Spark, moto: str, tables: Mapping[str, str], folder: Path
) -> dict[str, Rows]:
    """Return the rows of Iceberg tables, given by name in a catalog or by metadata file."""
    folder.mkdir()
    listed, copies = folder / "tables.json", folder / "copies"
    listed.write_text(json.dumps(dict(tables)), encoding="utf-8")
    submit(spark, moto, COPY, COPY, [str(listed), str(copies)])
    return {table: _rows(copies / table) for table in tables}


def _rows(folder: Path) -> Rows:
    rows = [row for file in folder.glob("*.parquet") for row in pq.read_table(file).to_pylist()]
    return in_order(rows)
