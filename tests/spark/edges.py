"""A job over the edges of every part of the DataFrame API that the scripts may use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import job
from pyspark.sql import functions as F  # noqa: N812

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def transform(inputs: Mapping[str, DataFrame], business_date: dt.date) -> DataFrame:
    rows = inputs["stage.transaction"].withColumn("client_id", F.col("trans_id"))
    computed = [*quotients(), *casts(), *texts(), *conditions(business_date)]
    customers = inputs["stage.customer"].select("client_id", "client_created_date")
    known = rows.select("client_id").join(customers, "client_id", "left_semi")
    return (
        customers.join(rows.select("client_id", "account_id", *computed), "client_id", "right")
        .join(groups(rows), "account_id")
        .join(known.withColumn("known", F.lit(True)), "client_id", "left")
        .crossJoin(F.broadcast(pieces(inputs["raw.delivery"])))
    )


def quotients() -> list[Any]:
    amount, divisor = F.col("amount"), F.when(F.col("account_id") != 0, F.col("account_id"))
    whole = divisor.cast("decimal(10,0)")
    return [
        (amount / whole).alias("by_whole"),
        (amount.cast("decimal(24,2)") / whole).cast("decimal(18,4)").alias("average"),
        (amount / whole.cast("decimal(18,2)")).alias("by_cents"),
        (F.col("trans_id") / divisor).alias("of_integers"),
        (amount / divisor.cast("double")).alias("by_double"),
    ]


def casts() -> list[Any]:
    amount = F.col("amount")
    return [
        amount.cast("bigint").alias("cut"),
        amount.cast("double").alias("double"),
        amount.cast("decimal(18,1)").alias("rounded"),
        amount.cast("string").alias("amount_text"),
        amount.cast("string").cast("decimal(18,1)").alias("text_rounded"),
        F.col("trans_id").cast("string").cast("bigint").alias("text_whole"),
        F.col("date").cast("string").alias("date_text"),
        F.to_date(F.col("date").cast("string")).alias("text_date"),
    ]


def texts() -> list[Any]:
    operation = F.col("operation")
    return [
        F.concat(operation, F.lit("'"), F.col("type")).alias("joined"),
        F.lpad(F.col("trans_id").cast("string"), 2, "0").alias("padded"),
        F.lpad("type", 9, "-").alias("filled"),
        F.col("type").substr(2, 3).alias("part"),
        F.col("type").substr(9, 3).alias("beyond"),
        F.coalesce(operation, F.lit("none")).alias("filled_in"),
    ]


def conditions(business_date: dt.date) -> list[Any]:
    operation, day = F.col("operation"), F.col("date")
    return [
        operation.eqNullSafe(F.lit(None)).alias("no_operation"),
        (operation == "CCW").alias("equal"),
        (~(operation == "CCW")).alias("unequal"),
        ((operation == "CCW") | (day < F.lit(business_date))).alias("either"),
        ((operation != "CCW") & operation.isNotNull()).alias("both"),
        F.when(operation.isNull(), 1).otherwise(0).alias("flag"),
        F.add_months(day, -1).alias("month_before"),
        F.add_months(day, 11).alias("months_after"),
        F.lit(business_date).alias("of_day"),
    ]


def groups(rows: DataFrame) -> DataFrame:
    """Aggregates, and the structs with a field without a value among them."""
    both = F.struct("operation", "amount")
    return rows.groupBy("account_id").agg(
        F.count("operation").alias("operations"),
        F.count(F.lit(1)).alias("rows"),
        F.sum("amount").alias("total"),
        F.sum("trans_id").alias("total_whole"),
        F.min(both)["operation"].alias("lowest_operation"),
        F.min(both)["amount"].alias("lowest_amount"),
        F.max(both)["amount"].alias("highest_amount"),
        F.max("date").alias("latest"),
    )


def pieces(deliveries: DataFrame) -> DataFrame:
    listed = deliveries.select("feed", F.explode(F.split("dates_in_force", " ")).alias("listed"))
    counted = listed.groupBy("feed").count()
    return counted.agg(F.sum("count").alias("pieces"), F.count("feed").alias("feeds"))


def main(argv: Sequence[str], spark: Any = None) -> None:
    job.run(transform, argv, spark)
