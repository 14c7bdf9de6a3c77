"""Transactions out of core banking by JDBC: a file for each business date, and one of the history.

    spark-submit --py-files job.py extract_transactions.py --connection NAME --region R \\
        --table '{"db_schema": "public", …}' --first 2024-06-23 --last 2024-06-30 \\
        [--history 2024-06-22] --output s3://…

What is written is compared with the source's own totals; when they differ, the job fails. The
address is that of the Glue connection, user and password those of its secret.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

import job
from pyspark.sql import functions as F  # noqa: N812 (the name that Spark's own pages use)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

TYPES = {
    "trans_id": "bigint",
    "account_id": "bigint",
    "date": "timestamp_ntz",
    "type": "string",
    "operation": "string",
    "amount": "decimal(18,2)",
    "balance": "decimal(18,2)",
}
# Named, or Spark finds no driver that came with the job itself.
DRIVERS = {
    "postgresql": "org.postgresql.Driver",
    "oracle": "oracle.jdbc.OracleDriver",
    "sqlserver": "com.microsoft.sqlserver.jdbc.SQLServerDriver",
    "mysql": "com.mysql.cj.jdbc.Driver",
    "db2": "com.ibm.db2.jcc.DB2Driver",
}
EXACT = ("decimal", "tinyint", "smallint", "int", "bigint")
DATED = ("timestamp_ntz", "date")
SHOWN = 3
DAY = dt.timedelta(days=1)

Totals = dict[tuple[str, str | None], tuple[int, Decimal | None, Decimal | None]]
"""Rows, amount and balance by the last date that a file covers, and type."""


class Source(Protocol):
    """The database: a query's rows, each condition of `parts` read by a connection of its own."""

    def read(self, query: str, parts: Sequence[str] = ()) -> DataFrame:
        """Return the rows."""
        ...


class Jdbc:
    """A database behind JDBC."""

    def __init__(self, spark: SparkSession, url: str, properties: Mapping[str, str]) -> None:
        self._spark, self._url = spark, url
        # A timestamp without a zone must not be moved by the machine's own.
        kept = {"preferTimestampNTZ": "true", "fetchsize": "10000"}
        if driver := DRIVERS.get(url.split(":")[1]):
            kept["driver"] = driver
        self._properties = {**kept, **properties}

    def read(self, query: str, parts: Sequence[str] = ()) -> DataFrame:
        """Return the rows."""
        table = f"({query}) extracted"
        return self._spark.read.jdbc(
            self._url, table, predicates=list(parts) or ["1 = 1"], properties=self._properties
        )


def connected(spark: SparkSession, connection: str, region: str) -> Jdbc:
    """Return the database of a Glue connection; user and password are never shown."""
    import boto3

    with job.step(f"reading the connection {connection}", quote=False):
        glue = boto3.client("glue", region_name=region)
        found = glue.get_connection(Name=connection, HidePassword=True)
        given = found["Connection"]["ConnectionProperties"]
        secrets = boto3.client("secretsmanager", region_name=region)
        text = secrets.get_secret_value(SecretId=given["SECRET_ID"])["SecretString"]
        secret = json.loads(text)
    user = secret.get("username") or secret.get("user")
    if not user or "password" not in secret:
        raise job.JobError(f"the secret {given['SECRET_ID']} has no username and password")
    return Jdbc(spark, given["JDBC_CONNECTION_URL"], {"user": user, "password": secret["password"]})


def extract(
    spark: SparkSession,
    source: Source,
    table: Mapping[str, str],
    first: dt.date,
    last: dt.date,
    history: dt.date | None,
    output: str,
    partitions: int = 8,
) -> Totals:
    """Write output/file=DATE/, one file for each date with rows; give the totals.

    The file of the history is that of its last date. Raises JobError for a column that cannot be
    read without loss, and for totals that are not the source's own.
    """
    refuse_inexact(source.read(f"{selected(table)} WHERE 1 = 0"), table)
    stated = stated_totals(source, table, first, last, history)
    if not stated:
        return {}
    dates = [first + i * DAY for i in range((last - first).days + 1)]
    column = quoted(table["date"])
    with job.step("reading transactions", quote=False):
        query = f"{selected(table)} WHERE {between(column, first, last)}"
        days = typed(source.read(query, [between('"date"', date, date) for date in dates]))
        rows = days.withColumn("file", F.col("date").cast("date").cast("string"))
        if history is not None:
            query = f"{selected(table)} WHERE {between(column, None, history)}"
            older = typed(source.read(query, id_ranges(source, query, partitions)))
            rows = rows.unionByName(older.withColumn("file", F.lit(str(history))))
        together = rows.repartition(len(dates) + 1, "file")
        in_order = together.sortWithinPartitions("file", "date", "trans_id")
        in_order.write.mode("overwrite").partitionBy("file").parquet(output)
    with job.step("adding up what was written", quote=False):
        written = written_totals(spark.read.parquet(output))
    compare(stated, written)
    return written


def selected(table: Mapping[str, str]) -> str:
    """Return the SELECT of the columns under our names."""
    columns = ", ".join(f'{quoted(table[name])} AS "{name}"' for name in TYPES)
    return f"SELECT {columns} FROM {quoted(table['db_schema'])}.{quoted(table['table'])}"


def between(column: str, first: dt.date | None, last: dt.date) -> str:
    """Return the condition of whole dates; half open, as the column has a time of day."""
    until = f"{column} < TIMESTAMP '{last + DAY} 00:00:00'"
    return until if first is None else f"{column} >= TIMESTAMP '{first} 00:00:00' AND {until}"


def id_ranges(source: Source, query: str, partitions: int) -> list[str]:
    """Return conditions that split all rows by trans_id, each row in one; few ids share one."""
    bounds = f'SELECT min("trans_id") AS "low", max("trans_id") AS "high" FROM ({query}) q'
    ((low, high),) = source.read(bounds).collect()
    if low is None:
        return []
    low, high = int(low), int(high)
    step = max(1, -(-(high - low + 1) // partitions))
    cuts = list(range(low + step, high + 1, step))
    if not cuts:
        return []
    inner = [f'"trans_id" >= {a} AND "trans_id" < {b}' for a, b in pairwise(cuts)]
    # Open at both ends: what is booked meanwhile is found, and refused by the totals.
    return [f'"trans_id" < {cuts[0]} OR "trans_id" IS NULL', *inner, f'"trans_id" >= {cuts[-1]}']


def typed(rows: DataFrame) -> DataFrame:
    """Return the columns in our types; a value that does not fit stops the job."""
    return rows.select(*(F.col(name).cast(kind).alias(name) for name, kind in TYPES.items()))


def stated_totals(
    source: Source, table: Mapping[str, str], first: dt.date, last: dt.date, history: dt.date | None
) -> Totals:
    """Return the totals that the source computes itself."""
    date, kind = quoted(table["date"]), quoted(table["type"])
    # Sums as text: a driver may give numbers without precision as doubles.
    sums = ", ".join(
        f'CAST(sum({quoted(table[name])}) AS varchar(60)) AS "{name}"'
        for name in ("amount", "balance")
    )
    of = f"{quoted(table['db_schema'])}.{quoted(table['table'])}"
    day = f"CAST({date} AS date)"
    asked = [(f'{day} AS "last", ', between(date, first, last), f"{day}, {kind}")]
    if history is not None:
        asked.append((f"DATE '{history}' AS \"last\", ", between(date, None, history), kind))
    found: Totals = {}
    with job.step("asking the source for its totals", quote=False):
        for label, where, group in asked:
            query = (
                f'SELECT {label}{kind} AS "type", count(*) AS "n", {sums}'
                f" FROM {of} WHERE {where} GROUP BY {group}"
            )
            for row in source.read(query).collect():
                found[str(row[0]), row[1]] = (int(row[2]), exact(row[3]), exact(row[4]))
    return found


def undated(source: Source, table: Mapping[str, str]) -> int:
    """Return the number of rows without a date: they are in no file, and in no total of a date."""
    of = f"{quoted(table['db_schema'])}.{quoted(table['table'])}"
    with job.step("asking the source for rows without a date", quote=False):
        query = f'SELECT count(*) AS "n" FROM {of} WHERE {quoted(table["date"])} IS NULL'
        ((rows,),) = source.read(query).collect()
    return int(rows)


def written_totals(files: DataFrame) -> Totals:
    """Return the totals of the files."""
    sums = [F.sum(name).cast("string").alias(name) for name in ("amount", "balance")]
    last = F.col("file").cast("string").alias("last")
    rows = files.groupBy(last, "type").agg(F.count(F.lit(1)).alias("n"), *sums).collect()
    return {(row[0], row[1]): (int(row[2]), exact(row[3]), exact(row[4])) for row in rows}


def exact(value: str | None) -> Decimal | None:
    """Return a sum; without a value it is None, not 0."""
    return None if value is None else Decimal(value)


def compare(stated: Totals, written: Totals) -> None:
    """Raise JobError that names the dates and figures that differ, by how much."""
    wrong = []
    for at in sorted(stated.keys() | written.keys(), key=str):
        there, here = (side.get(at, (0, None, None)) for side in (stated, written))
        differences = [f"{there[0]} rows there, {here[0]} written"] if there[0] != here[0] else []
        for name, one, other in zip(("amount", "balance"), there[1:], here[1:], strict=True):
            if one != other:
                differences.append(
                    f"{name} differs by {(other or Decimal(0)) - (one or Decimal(0))}"
                )
        if differences:
            wrong.append(f"{at[0]} {at[1]}: {', '.join(differences)}")
    if wrong:
        more = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        raise job.JobError(
            "the control totals of what was written are not those of the source: "
            f"{'; '.join(wrong[:SHOWN])}{more}"
        )


def refuse_inexact(rows: DataFrame, table: Mapping[str, str]) -> None:
    """Raise JobError for a column that cannot be read without loss."""
    of = f"{table['db_schema']}.{table['table']}"
    types = {field.name.lower(): field.dataType.simpleString() for field in rows.schema.fields}
    for name in ("amount", "balance"):
        # What has no stated precision is given the widest there is.
        if not types[name].startswith(EXACT) or types[name].startswith("decimal(38"):
            raise job.JobError(
                f"{of}.{table[name]} is no exact number of stated precision; "
                "extract from a view that casts it to numeric(18,2)"
            )
    if types["date"] not in DATED:
        raise job.JobError(
            f"{of}.{table['date']} is {types['date']}, not a timestamp without time zone or a date"
        )


def quoted(name: str) -> str:
    """Return a quoted name."""
    return '"' + name.replace('"', '""') + '"'


def main(
    argv: Sequence[str] | None = None,
    spark: SparkSession | None = None,
    source: Source | None = None,
) -> None:
    """Run the job; its last file is the totals, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    for name in ("connection", "region", "output"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--table", required=True, type=json.loads)
    for name in ("first", "last"):
        parser.add_argument(f"--{name}", required=True, type=dt.date.fromisoformat)
    parser.add_argument("--history", type=dt.date.fromisoformat)
    args = parser.parse_known_args(sys.argv[1:] if argv is None else argv)[0]
    with job.messages(shown=spark is None) as report:
        session = spark or job.own_session()
        job.configure(session)
        origin = source or connected(session, args.connection, args.region)
        report(f"Extracting {args.first} to {args.last}, and all until {args.history or '-'}.")
        totals = extract(
            session, origin, args.table, args.first, args.last, args.history, f"{args.output}/files"
        )
        figures = [[*at, n, *(s and str(s) for s in sums)] for at, (n, *sums) in totals.items()]
        left = undated(origin, args.table)
        found = json.dumps({"totals": figures, "undated": left})
        text = session.createDataFrame([(found,)], "value string")
        text.coalesce(1).write.mode("overwrite").text(f"{args.output}/totals")
        report(
            f"{sum(n for n, *_ in totals.values())} rows, as many as the source has of the dates."
        )
        if left:
            report(f"{left} rows of the source state no date and were not extracted.")


if __name__ == "__main__":
    main()
