"""profile.customer_360: every dimension beside every other, as of a date.

    spark-submit --py-files job.py customer_360.py --business-date 2024-05-31 \\
        --inputs '{"stage.customer": [...], "dimension.marketing": [...], ...}'

One row per client that CRM knows. Whatever `dimension.*` inputs are given are joined, in the order
of their names and under their own (prefixed) column names: a new dimension changes nothing here.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import TYPE_CHECKING

import job
from pyspark.sql import functions as F  # noqa: N812 (the name that Spark's own pages use)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

FEEDS = (
    "account",
    "card",
    "crm_customer",
    "disposition",
    "ga_session",
    "transaction",
    "web_visitor_map",
)
SHARED = ("business_date", "client_id")


def transform(inputs: Mapping[str, DataFrame], business_date: dt.date) -> DataFrame:
    """Return one row per client: base columns, delivery dates, then each dimension's columns.

    Raises JobError when a client is twice in CRM or in a dimension, or two dimensions share a name.
    """
    customers = job.newest_snapshot(inputs["stage.customer"], business_date)
    dispositions = job.newest_snapshot(inputs["stage.disposition"], business_date)
    accounts = job.newest_snapshot(inputs["stage.account"], business_date)
    dimensions = {
        name: measures(inputs[name], business_date)
        for name in sorted(inputs)
        if name.startswith("dimension.")
    }
    refuse_shared_names(dimensions)
    refuse_repeated_clients({"stage.customer": customers, **dimensions})

    branches = home_branches(dispositions, accounts, business_date)
    base = clients(customers, branches, business_date)
    dated = base.crossJoin(F.broadcast(delivery_dates(inputs["raw.delivery"], business_date)))
    return reduce(beside, dimensions.values(), dated)


def measures(dimension: DataFrame, business_date: dt.date) -> DataFrame:
    """Return client_id and the measures of one business date."""
    return dimension.where(F.col("business_date") == F.lit(business_date)).drop("business_date")


def beside(profile: DataFrame, dimension: DataFrame) -> DataFrame:
    """Return the profile with a dimension's columns; a client missing there has NULLs."""
    return profile.join(dimension, "client_id", "left")


def clients(customers: DataFrame, branches: DataFrame, business_date: dt.date) -> DataFrame:
    """Return the columns of the profile about a client itself."""
    return customers.join(branches, "client_id", "left").select(
        F.lit(business_date).alias("business_date"),
        "client_id",
        "branch_id",
        F.to_date("client_created_date").alias("customer_since"),
    )


def home_branches(
    dispositions: DataFrame, accounts: DataFrame, business_date: dt.date
) -> DataFrame:
    """Return (client_id, branch_id): the branch of the oldest account a client owns by the date."""
    owned = dispositions.where(F.col("type") == "owner").select("account_id", "client_id")
    opened = accounts.where(F.to_date("creation_date") <= F.lit(business_date))
    oldest = F.min(F.struct("creation_date", "account_id", "branch_id"))
    return (
        owned.join(opened, "account_id")
        .groupBy("client_id")
        .agg(oldest["branch_id"].alias("branch_id"))
    )


def delivery_dates(deliveries: DataFrame, business_date: dt.date) -> DataFrame:
    """Return one row: the newest date in force of each feed on or before a date, else NULL.

    A file may hold many dates: its own is that of most records. The manifest lists them all, so
    that no raw table has to be read for its dates.
    """
    # Spark takes an explode at the top of a column alone.
    listed = deliveries.select("feed", F.explode(F.split("dates_in_force", " ")).alias("listed"))
    delivered = listed.select("feed", F.col("listed").cast("date").alias("delivered"))
    dated = delivered.where(F.col("delivered") <= F.lit(business_date))
    return dated.agg(
        *(
            F.max(F.when(F.col("feed") == feed, F.col("delivered"))).alias(f"delivered_{feed}")
            for feed in FEEDS
        )
    )


def refuse_shared_names(dimensions: Mapping[str, DataFrame]) -> None:
    """Raise JobError when two dimensions have a column of one name."""
    named = Counter(c for d in dimensions.values() for c in d.columns if c not in SHARED)
    if shared := sorted(name for name, times in named.items() if times > 1):
        raise job.JobError(f"in more than one dimension: {', '.join(shared)}")


def refuse_repeated_clients(tables: Mapping[str, DataFrame]) -> None:
    """Raise JobError when a join with one of the tables would multiply rows."""
    repeats = reduce(
        lambda one, other: one.unionAll(other),
        (
            table.groupBy("client_id")
            .count()
            .where(F.col("count") > 1)
            .agg(F.count(F.lit(1)).alias("clients"))
            .select(F.lit(name).alias("table"), "clients")
            for name, table in tables.items()
        ),
    )
    if found := sorted(tuple(row) for row in repeats.where(F.col("clients") > 0).collect()):
        raise job.JobError(
            "; ".join(f"{name}: {count} clients have several rows" for name, count in found)
        )


def main(argv: Sequence[str] | None = None, spark: SparkSession | None = None) -> None:
    """Run the job on the arguments of `job.arguments`."""
    job.run(transform, sys.argv[1:] if argv is None else argv, spark, __doc__)


if __name__ == "__main__":
    main()
