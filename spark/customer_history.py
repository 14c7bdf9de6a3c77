"""dimension.customer_history: what each client's accounts received and paid, as of a date.

    spark-submit --py-files job.py customer_history.py --business-date 2024-05-31 \\
        --inputs '{"stage.customer": [...], "stage.disposition": [...], "stage.transaction": [...]}'

One row per client that CRM knows. A transaction belongs to the primary owner of its account, and
to nobody else, so that sums over clients are sums over transactions. The newest snapshot on or
before the business date is read; a transaction counts once, when delivered and dated by then.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import job
from pyspark.sql import functions as F  # noqa: N812 (the name that Spark's own pages use)

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

MONEY = "decimal(18,2)"
TOTAL = "decimal(24,2)"
MONTHS = (3, 6)
NUMBER = ["trans_id", "trans_scope"]
"""What identifies a transaction, whenever it is delivered."""
DIRECTIONS = ("credit", "debit")
OPERATIONS = {
    "card_withdrawal": "CCW",
    "cash_credit": "CCK",
    "collection": "CAB",
    "cash_withdrawal": "WCA",
    "remittance": "RAB",
    "no_operation": None,
}


def transform(inputs: Mapping[str, DataFrame], business_date: dt.date) -> DataFrame:
    """Return business_date, client_id and the history_ measures, one row per client."""
    customers = job.newest_snapshot(inputs["stage.customer"], business_date)
    dispositions = job.newest_snapshot(inputs["stage.disposition"], business_date)
    transactions = latest_bookings(job.delivered_by(inputs["stage.transaction"], business_date))

    owners = primary_owners(dispositions, customers)
    attributed = attribute(transactions, owners, business_date)
    history = with_last(with_averages(summarise(attributed, business_date)))
    known = both_delivered(transactions, dispositions)
    return beside_every_client(customers, history, known, business_date)


def primary_owners(dispositions: DataFrame, customers: DataFrame) -> DataFrame:
    """Return (account_id, client_id): the owner with the lowest disp_id that CRM knows."""
    owners = dispositions.where(F.col("type") == "owner")
    known = owners.join(customers.select("client_id"), "client_id", "left_semi")
    first = F.min(F.struct("disp_id", "client_id"))["client_id"]
    return known.groupBy("account_id").agg(first.alias("client_id"))


def latest_bookings(transactions: DataFrame) -> DataFrame:
    """Return each transaction once: of several deliveries the one for the latest business date."""
    # Only an id up to the highest of the dates before can be there again. Numbers being given in
    # order, those are few: to look at all of them for repeats takes 8 GB for 50 M.
    highest = transactions.groupBy("business_date").agg(F.max("trans_id").alias("highest"))
    earlier = highest.select(F.col("business_date").alias("earlier"), "highest")
    before = (
        highest.select("business_date")
        .join(F.broadcast(earlier), F.col("earlier") < F.col("business_date"))
        .groupBy("business_date")
        .agg(F.max("highest").alias("before"))
    )
    latest = (
        F.broadcast(before)
        .join(transactions.select(*NUMBER, "business_date"), "business_date")
        .where(F.col("trans_id") <= F.col("before"))
        .groupBy(*NUMBER)
        .agg(F.max("business_date").alias("latest"))
    )
    # The small side stands first: an engine without statistics hashes that one.
    once = F.col("latest").isNull() | (F.col("latest") == F.col("business_date"))
    return latest.join(transactions, NUMBER, "right").where(once).drop("latest")


def attribute(transactions: DataFrame, owners: DataFrame, business_date: dt.date) -> DataFrame:
    """Return the transactions dated on or before a date, each with its one client."""
    booked = transactions.where(F.col("date") <= F.lit(business_date))
    return owners.join(booked, "account_id")


def summarise(attributed: DataFrame, business_date: dt.date) -> DataFrame:
    """Return counts, sums, largest and latest, one row per client with a transaction."""
    return attributed.groupBy("client_id").agg(
        *(measure for months in MONTHS for measure in _flows(months, business_date)),
        *_by_operation(business_date),
        *_largest(business_date),
        *(F.max(F.when(_is(d), _in_order_of_date())).alias(d) for d in DIRECTIONS),
        F.max("date").alias("history_last_transaction_date"),
    )


def with_last(summary: DataFrame) -> DataFrame:
    """Read date and amount of each direction's latest transaction out of its text."""
    for direction in DIRECTIONS:
        latest = F.col(direction)
        summary = summary.withColumns(
            {
                f"history_last_{direction}_date": latest.substr(1, 10).cast("date"),
                f"history_last_{direction}_amount": latest.substr(30, 20).cast(MONEY),
            }
        )
    return summary.drop(*DIRECTIONS)


def with_averages(summary: DataFrame) -> DataFrame:
    """Add the averages: each its own sum over its own count, half a cent rounded up."""
    for months in MONTHS:
        for direction in DIRECTIONS:
            name = f"history_{direction}_{{}}_{months}m"
            count = F.col(name.format("count"))
            # A count of 0 has no average.
            quotient = F.col(name.format("sum")) / F.when(count > 0, count).cast("decimal(10,0)")
            summary = summary.withColumn(name.format("avg"), quotient.cast("decimal(18,4)"))
    return summary


def both_delivered(transactions: DataFrame, dispositions: DataFrame) -> DataFrame:
    """Return one row: whether accounts and transactions were both delivered."""
    any_row = (F.count(F.lit(1)) > 0).alias("any_row")
    transacted = transactions.limit(1).agg(any_row)
    disposed = dispositions.limit(1).agg(any_row)
    return transacted.unionAll(disposed).agg(F.min("any_row").alias("known"))


def beside_every_client(
    customers: DataFrame, history: DataFrame, known: DataFrame, business_date: dt.date
) -> DataFrame:
    """Return a row for every client: 0 for what did not happen, NULL for what was not delivered."""
    joined = (
        customers.select("client_id")
        .join(history, "client_id", "left")
        .crossJoin(F.broadcast(known))
    )
    return joined.select(
        F.lit(business_date).alias("business_date"),
        "client_id",
        *(_measure(name) for name in history.columns if name != "client_id"),
    )


def _measure(name: str) -> Column:
    counted = "_count_" in name or "_sum_" in name
    value = F.coalesce(F.col(name), F.lit(0)) if counted else F.col(name)
    kind = "bigint" if "_count_" in name else TOTAL if "_sum_" in name else None
    typed = value.cast(kind) if kind else value
    return F.when(F.col("known"), typed).alias(name)


def _within(months: int, business_date: dt.date) -> Column:
    """Return the condition of the window [add_months(D + 1 day, -months), D + 1 day)."""
    after = F.lit(business_date + dt.timedelta(days=1))
    return (F.col("date") >= F.add_months(after, -months)) & (F.col("date") < after)


def _is(direction: str) -> Column:
    return F.col("type") == direction


def _in_order_of_date() -> Column:
    """Return date, trans_id and amount as text of 10, 19 and up to 20 characters, in that order."""
    # The highest of a struct would say it better; engines find it ten times slower.
    return F.concat(
        F.col("date").cast("string"),
        F.lpad(F.col("trans_id").cast("string"), 19, "0"),
        F.col("amount").cast("string"),
    )


def _count_and_sum(when: Column, name: str) -> list[Column]:
    count = F.count(F.when(when, F.lit(1))).alias(name.format("count"))
    total = F.sum(F.when(when, F.col("amount"))).cast(TOTAL).alias(name.format("sum"))
    return [count, total]


def _flows(months: int, business_date: dt.date) -> list[Column]:
    window = _within(months, business_date)
    return [
        measure
        for direction in DIRECTIONS
        for measure in _count_and_sum(
            window & _is(direction), f"history_{direction}_{{}}_{months}m"
        )
    ]


def _by_operation(business_date: dt.date) -> list[Column]:
    window = _within(max(MONTHS), business_date)
    return [
        measure
        for name, code in OPERATIONS.items()
        for measure in _count_and_sum(
            window & F.col("operation").eqNullSafe(F.lit(code)),
            f"history_{name}_{{}}_{max(MONTHS)}m",
        )
    ]


def _largest(business_date: dt.date) -> list[Column]:
    window = _within(max(MONTHS), business_date)
    return [
        F.max(F.when(window & _is(d), F.col("amount"))).alias(f"history_largest_{d}_{max(MONTHS)}m")
        for d in DIRECTIONS
    ]


def main(argv: Sequence[str] | None = None, spark: SparkSession | None = None) -> None:
    """Run the job on the arguments of `job.arguments`."""
    job.run(transform, sys.argv[1:] if argv is None else argv, spark, __doc__)


if __name__ == "__main__":
    main()
