"""The stage tables in PySpark, from the delivered files, as a user of Spark would write them."""

from __future__ import annotations

from collections.abc import Iterator

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F  # noqa: N812 (the name that Spark's own pages use)

from benchmarks.subject import Task

CUSTOMER = (
    "client_id BIGINT, birth_date DATE, age BIGINT, home_ownership STRING, occupation STRING,"
    " marital_status STRING, head_of_household_flag STRING, client_created_date TIMESTAMP"
)
GA_SESSION = """
visitNumber BIGINT, visitId BIGINT, visitStartTime BIGINT, date STRING, fullVisitorId STRING,
channelGrouping STRING,
totals STRUCT<visits: BIGINT, hits: BIGINT, pageviews: BIGINT, timeOnSite: BIGINT, bounces: BIGINT,
    newVisits: BIGINT, transactions: BIGINT, transactionRevenue: BIGINT>,
trafficSource STRUCT<source: STRING, medium: STRING, campaign: STRING>,
device STRUCT<deviceCategory: STRING, browser: STRING, operatingSystem: STRING>,
geoNetwork STRUCT<country: STRING, region: STRING, city: STRING>,
hits ARRAY<STRUCT<hitNumber: BIGINT, type: STRING, time: BIGINT, isEntrance: BOOLEAN,
    isExit: BOOLEAN, page: STRUCT<hostname: STRING, pagePath: STRING, pageTitle: STRING>,
    eventInfo: STRUCT<eventCategory: STRING, eventAction: STRING, eventLabel: STRING>,
    eCommerceAction: STRUCT<action_type: STRING>, transaction: STRUCT<transactionId: STRING>>>
"""
TRAITS = {
    "channel": "channelGrouping",
    "source": "trafficSource.source",
    "medium": "trafficSource.medium",
    "campaign": "trafficSource.campaign",
    "device_category": "device.deviceCategory",
    "browser": "device.browser",
    "operating_system": "device.operatingSystem",
    "country": "geoNetwork.country",
    "region": "geoNetwork.region",
    "city": "geoNetwork.city",
}
UNKNOWN = ("", "(not set)", "not available in demo dataset")


def stage(spark: SparkSession, task: Task) -> Iterator[tuple[str, DataFrame]]:
    """Yield every stage table by name."""
    landing, variables = str(task.landing), task.variables

    def csv(folder: str, schema: str) -> DataFrame:
        return _dated(spark.read.schema(schema).csv(f"{landing}/{folder}"), r"00(\d{8})-")

    accounts = csv(
        "account", "account_id BIGINT, branch_id BIGINT, frequency STRING, creation_date TIMESTAMP"
    )
    yield "stage_account", _latest(_clean(accounts, "frequency"), "account_id")
    dispositions = csv("gbank", "account_id BIGINT, disp_id BIGINT, client_id BIGINT, type STRING")
    yield "stage_disposition", _latest(_clean(dispositions, "type"), "disp_id")
    cards = csv("card", "card_id STRING, disp_id BIGINT, type STRING, issued_datetime TIMESTAMP")
    number = F.trim("card_id")
    inner = F.concat(F.unhex(F.lit(variables["inner_pad"])), F.encode(number, "UTF-8"))
    outer = F.concat(F.unhex(F.lit(variables["outer_pad"])), F.unhex(F.sha2(inner, 256)))
    yield (
        "stage_card",
        _latest(
            _clean(cards, "type")
            .withColumn("card_token", F.sha2(outer, 256))
            .withColumn(
                "card_last_four",
                F.when(number.rlike("^[0-9]{12,19}$"), F.substring(number, -4, 4)),
            )
            .drop("card_id"),
            "card_token",
        ),
    )
    lines = _dated(spark.read.text(f"{landing}/crm"), r"00(\d{8})-")
    as_json = F.replace(
        F.replace("value", F.lit("'"), F.lit('"')), F.lit(": None"), F.lit(": null")
    )
    customers = lines.withColumn("c", F.from_json(as_json, CUSTOMER)).select(
        "business_date", "file", "place", "c.*"
    )
    texts = ("home_ownership", "occupation", "marital_status", "head_of_household_flag")
    yield "stage_customer", _latest(_clean(customers, *texts), "client_id")
    transactions = (
        spark.read.parquet(f"{landing}/transactions")
        .withColumn("business_date", F.to_date("date"))
        .withColumns({"file": F.input_file_name(), "place": F.monotonically_increasing_id()})
        .withColumns({"date": F.to_date("date"), "account_id": F.col("account_id").cast("bigint")})
        .drop("recorded_at")
    )
    yield "stage_transaction", _latest(_clean(transactions, "type", "operation"), "trans_id")
    pairs = csv("visitors", "full_visitor_id STRING, client_id BIGINT").withColumn(
        "business_date", F.lit(task.business_date)
    )
    yield (
        "stage_web_visitor_map",
        _latest(_clean(pairs, "full_visitor_id"), "full_visitor_id", "client_id"),
    )
    yield from _web(_sessions(spark, landing))


def _sessions(spark: SparkSession, landing: str) -> DataFrame:
    delivered = _dated(spark.read.schema(GA_SESSION).json(f"{landing}/ga"), r"_(\d{8})\.json")
    named = delivered.withColumnsRenamed(
        {"fullVisitorId": "full_visitor_id", "visitId": "visit_id",
         "visitStartTime": "visit_start_time"}
    )  # fmt: skip
    return _latest(named, "full_visitor_id", "visit_id", "visit_start_time").cache()


def _web(sessions: DataFrame) -> Iterator[tuple[str, DataFrame]]:
    key = ("business_date", "full_visitor_id", "visit_id", "visit_start_time")
    revenue = F.col("totals.transactionRevenue").cast("decimal(18,0)") * F.lit("0.000001").cast(
        "decimal(7,6)"
    )
    yield (
        "stage_web_session",
        sessions.select(
            *key,
            F.timestamp_seconds("visit_start_time").alias("visit_started_at"),
            F.to_date("date", "yyyyMMdd").alias("session_date"),
            F.col("visitNumber").alias("visit_number"),
            *(
                F.when(~F.trim(f).isin(*UNKNOWN), F.trim(f)).alias(name)
                for name, f in TRAITS.items()
            ),
            "totals.visits",
            "totals.hits",
            F.col("totals.pageviews").alias("page_views"),
            F.col("totals.timeOnSite").alias("time_on_site_seconds"),
            "totals.bounces",
            F.col("totals.newVisits").alias("new_visits"),
            "totals.transactions",
            revenue.cast("decimal(18,2)").alias("transaction_revenue"),
        ),
    )
    hits = sessions.select(*key, F.posexplode("hits").alias("place", "hit")).select(
        *key,
        (F.col("place") + 1).cast("bigint").alias("hit_number"),
        F.col("hit.hitNumber").alias("ga_hit_number"),
        "hit.type",
        F.col("hit.time").alias("hit_time_ms"),
        F.col("hit.page.hostname").alias("host"),
        F.col("hit.page.pagePath").alias("page_path"),
        F.col("hit.page.pageTitle").alias("page_title"),
        F.col("hit.eventInfo.eventCategory").alias("event_category"),
        F.col("hit.eventInfo.eventAction").alias("event_action"),
        F.col("hit.eventInfo.eventLabel").alias("event_label"),
        "hit.eCommerceAction.action_type",
        F.coalesce("hit.isEntrance", F.lit(False)).alias("is_entrance"),
        F.coalesce("hit.isExit", F.lit(False)).alias("is_exit"),
        F.col("hit.transaction.transactionId").alias("transaction_id"),
    )
    texts = [name for name, kind in hits.dtypes if kind == "string" and name not in key]
    yield "stage_web_hit", _clean(hits, *texts)


def _dated(rows: DataFrame, pattern: str) -> DataFrame:
    """Add the date of each row's file, the file, and an order within it."""
    date = F.to_date(F.regexp_extract(F.input_file_name(), pattern, 1), "yyyyMMdd")
    return rows.select(
        "*",
        F.input_file_name().alias("file"),
        F.monotonically_increasing_id().alias("place"),
        date.alias("business_date"),
    )


def _clean(rows: DataFrame, *texts: str) -> DataFrame:
    """Trim texts; an empty one is NULL."""
    return rows.withColumns({t: F.nullif(F.trim(t), F.lit("")) for t in texts})


def _latest(rows: DataFrame, *key: str) -> DataFrame:
    """Return the row of each key and business date that was delivered last."""
    newest = Window.partitionBy("business_date", *key).orderBy(F.desc("file"), F.desc("place"))
    ranked = rows.withColumn("rank", F.row_number().over(newest)).where("rank = 1")
    return ranked.drop("rank", "file", "place")
