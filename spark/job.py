"""What the job scripts share: arguments, reading inputs, one candidate file, words without data.

A script is run by spark-submit (`--py-files job.py`), by Glue (`--extra-py-files`) and, locally,
by `resources/embedded/duckdb_spark_engine.py`.
Only what Spark 3.5 offers is used: Glue 5 and EMR 7 run it. What a job that runs on its own has to
say goes to standard output, each line a message of Dagster Pipes: whoever started it reads the log.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pyspark.sql import functions as F  # noqa: N812 (the name that Spark's own pages use)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    Transform = Callable[[Mapping[str, DataFrame], dt.date], DataFrame]

SETTINGS = {
    # A money column that overflows must stop the job; without ANSI rules it turns into NULL.
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    # Iceberg refuses INT96, the JVM's default.
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    # Dates are as they stand, before the calendar's reform too: Spark 3.5 stops at one such date.
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
}

CONDITION = re.compile(r"\[([A-Z]+(?:_[A-Z]+)+(?:\.[A-Z_]+)?)\]")


class JobError(Exception):
    """Why a job failed, in words that hold no data value: safe to log."""


class Inputs(dict[str, "DataFrame"]):
    """The given tables by name; asking for another is a JobError that names it."""

    def __missing__(self, table: str) -> DataFrame:
        """Refuse by name."""
        raise JobError(f"--inputs has no {table}")


def arguments(argv: Sequence[str], description: str | None = None) -> argparse.Namespace:
    """Return inputs, output and business_date; ignore other arguments.

    Glue adds arguments of its own (`--JOB_NAME`), and allows each of ours once.
    """
    parser = argparse.ArgumentParser(description=description, allow_abbrev=False)
    parser.add_argument(
        "--inputs",
        required=True,
        metavar="JSON",
        help='{"stage.account": ["s3://…/a.parquet", …], "stage.customer": ["catalog.stage.c"]}, '
        "or the address of a file that holds it: an argument may not be long",
    )
    parser.add_argument("--output", required=True, metavar="FOLDER", help="replaced when it exists")
    parser.add_argument(
        "--business-date", required=True, type=dt.date.fromisoformat, metavar="YYYY-MM-DD"
    )
    return parser.parse_known_args(argv)[0]


def run(
    transform: Transform,
    argv: Sequence[str],
    spark: SparkSession | None = None,
    description: str | None = None,
) -> None:
    """Write `transform(inputs, business_date)` as Parquet, sorted by client; Spark writes one file.

    Raises JobError naming the step that failed.
    """
    args = arguments(argv, description)
    with messages(shown=spark is None) as report:
        session = spark or own_session()
        configure(session)
        inputs = Inputs()
        for table, sources in sorted(_sources(session, args.inputs).items()):
            with step(f"reading {table}"):
                inputs[table] = _read(session, sources)
        report(f"Transforming {len(inputs)} tables as of {args.business_date}.")
        with step("transforming"):
            candidate = transform(inputs, args.business_date)
            one_file = candidate.repartition(1).sortWithinPartitions("client_id")
            planned = one_file.columns  # resolves every name: what fails later is about rows
        report(f"Writing {len(planned)} columns.")
        with step(f"writing {len(planned)} columns", quote=False):
            one_file.write.mode("overwrite").parquet(args.output)
        report("Written.")


def delivered_by(table: DataFrame, business_date: dt.date) -> DataFrame:
    """Return the rows delivered on or before a date."""
    return table.where(F.col("business_date") <= F.lit(business_date))


def newest_snapshot(table: DataFrame, business_date: dt.date) -> DataFrame:
    """Return the rows of the newest delivery on or before a date."""
    delivered = delivered_by(table, business_date)
    newest = delivered.agg(F.max("business_date").alias("business_date"))
    return delivered.join(F.broadcast(newest), "business_date", "left_semi")


def own_session() -> SparkSession:
    """Return the session of the process: the one that spark-submit or Glue has configured."""
    from pyspark.sql import SparkSession

    return SparkSession.builder.getOrCreate()


def configure(session: SparkSession) -> None:
    """Set exact numbers, UTC, and timestamps that Iceberg supports."""
    for name, value in SETTINGS.items():
        session.conf.set(name, value)


@contextmanager
def messages(*, shown: bool = True) -> Iterator[Callable[[str], None]]:
    """Yield a function that reports progress; report the end too, and a failure safely."""

    def message(method: str, **params: object) -> None:
        if shown:
            line = {"__dagster_pipes_version": "0.1", "method": method, "params": params}
            sys.stdout.write(f"{json.dumps(line)}\n")
            sys.stdout.flush()

    message("opened", extras={})
    try:
        yield lambda text: message("log", message=text, level="INFO")
    except BaseException as error:
        known = str(error) if isinstance(error, JobError) else f"stopped by {type(error).__name__}"
        failure = {"name": type(error).__name__, "message": known, "stack": []}
        message("closed", exception={**failure, "cause": None, "context": None})
        raise
    message("closed")


def _sources(spark: SparkSession, given: str) -> Mapping[str, Sequence[str]]:
    """Return the files of each table, given directly or in the named file."""
    with step("reading --inputs"):
        text = given
        if not given.startswith("{"):
            (row,) = spark.read.text(given, wholetext=True).collect()
            text = row[0]
        found: dict[str, list[str]] = json.loads(text)
    return found


def _read(spark: SparkSession, sources: Sequence[str]) -> DataFrame:
    """Return one table: the catalog table that the only source names, or Parquet files.

    A file may have columns that its table has not (`__part`, by which a candidate was parted).
    """
    if len(sources) == 1 and "/" not in sources[0]:
        return spark.read.table(sources[0])
    found = spark.read.parquet(*sources)
    return found.drop(*(name for name in found.columns if name.startswith("__")))


@contextmanager
def step(name: str, *, quote: bool = True) -> Iterator[None]:
    """Name the step in an error; quote Spark only while it plans, since later it quotes values."""
    from pyspark.errors import AnalysisException

    try:
        yield
    except JobError:
        raise
    except Exception as error:
        planning = quote and isinstance(error, AnalysisException)
        what = str(error).splitlines()[0] if planning else _condition(error)
        raise JobError(f"{name}: {what}") from None


def _condition(error: Exception) -> str:
    """Return an error's class and Spark's name of the condition, such as CAST_INVALID_INPUT."""
    named = CONDITION.search(str(error))
    return " ".join([type(error).__name__, *(named.groups() if named else ())])
