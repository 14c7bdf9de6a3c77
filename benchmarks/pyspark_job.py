"""A peer: the same stage and dimension rows in PySpark on the JVM, two threads on this machine.

python -m benchmarks.pyspark_job LANDING BUSINESS_DATE OUT
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from pathlib import Path

import sqlglot
from pyspark.sql import DataFrame, SparkSession
from sqlglot import exp

from benchmarks.pyspark_stage import stage
from benchmarks.subject import Task, task_of
from customer360_assets.contracts import contracts
from customer360_assets.tables.transformations import transformation

MEMORY = os.environ.get("BENCHMARK_SPARK_MEMORY", "6g")


def main() -> None:
    """Run the job and print each table's seconds as JSON."""
    task, seconds = task_of(), {}
    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.driver.memory", MEMORY)
        .config("spark.sql.shuffle.partitions", "8")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.parquet.compression.codec", "zstd")
        .config("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
        .config("spark.ui.enabled", "false")
        .getOrCreate()
    )
    for name, rows in stage(spark, task):
        seconds[name.replace("_", ".", 1)] = _write(spark, task, name, rows)
    for contract in contracts("dimension"):
        name = contract.table.replace(".", "_", 1)
        seconds[contract.table] = _write(spark, task, name, _dimension(spark, task, contract.table))
    spark.stop()
    print(json.dumps(seconds))


def _write(spark: SparkSession, task: Task, name: str, rows: DataFrame) -> float:
    started = time.monotonic()
    folder = str(task.out / "tables" / name)
    rows.write.parquet(folder)
    spark.read.parquet(folder).createOrReplaceTempView(name)
    return round(time.monotonic() - started, 3)


def _dimension(spark: SparkSession, task: Task, table: str) -> DataFrame:
    """Return a dimension by the platform's own query in Spark's dialect, or its Spark script."""
    made_by = transformation(table)
    if made_by.kind == "spark":
        sys.path.insert(0, str(Path(made_by.path).parent))
        inputs = {t: spark.table(t.replace(".", "_", 1)) for t in made_by.reads}
        found: DataFrame = __import__(made_by.path.stem).transform(inputs, task.business_date)
        return found
    tree = sqlglot.parse_one(made_by.text, read="athena").transform(_whole_months)
    dated = tree.sql(dialect="spark").replace("?", f"'{task.business_date}'", 1)
    return spark.sql(re.sub(r"\bstage\.(\w+)", r"stage_\1", dated))


def _whole_months(node: exp.Expression) -> exp.Expression:
    """Count months as Athena does: to the last day of a shorter month, one is whole."""
    if isinstance(node, exp.DateDiff) and node.unit is not None and node.unit.name == "MONTH":
        between = exp.func("months_between", node.this, node.expression)
        return exp.cast(between, "bigint")
    return node


if __name__ == "__main__":
    main()
