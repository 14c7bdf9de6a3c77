"""Account movements in any format, delivered alone."""

from __future__ import annotations

import datetime as dt
from typing import Any

import duckdb

from customer360_assets.deliveries.feed_deliveries import FeedDeliveries
from customer360_assets.feeds import FeedSpec
from tests.deliveries.raw_home import DAY, Home

COLUMNS = ["trans_id", "account_id", "date", "type", "operation", "amount", "balance"]


def movement_feed(form: str = "delimited", **changes: Any) -> FeedSpec:
    """Return a feed of movements that the run dates."""
    base: dict[str, Any] = {
        "feed": "transaction",
        "system": "test",
        "pattern": "t*",
        "format": form,
        "columns": COLUMNS,
        "business_date": "run",
        "delivery": "delta",
    }
    return FeedSpec.model_validate(base | changes)


def deliver_lines(
    home: Home, *lines: str, form: str = "delimited", date: dt.date = DAY, **changes: Any
) -> FeedDeliveries:
    """Deliver a file of these lines, each ended by a line break, and parse it."""
    home.feeds = {"transaction": movement_feed(form, **changes)}
    home.deliver("t.txt", "".join(f"{line}\n" for line in lines))
    return home.run("transaction", date)


def deliver_parquet(home: Home, select: str) -> FeedDeliveries:
    """Deliver what a query selects as a Parquet file, and parse it."""
    home.feeds = {"transaction": movement_feed("parquet")}
    path = home.landing_dir / "t.parquet"
    duckdb.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)")
    return home.run("transaction")


def parquet_rows(column: str, *values: str) -> str:
    """Return the query of movements numbered from 1 whose `column` has these SQL values."""
    constants = {
        "account_id": "7", "date": "TIMESTAMP '2024-05-01'", "type": "'credit'",
        "operation": "'CCK'", "amount": "CAST(1 AS DECIMAL(18,2))",
        "balance": "CAST(2 AS DECIMAL(18,2))",
    }  # fmt: skip
    rows = ", ".join(f"({i}, {value})" for i, value in enumerate(values, start=1))
    others = "".join(f", {value} AS {name}" for name, value in constants.items() if name != column)
    return f"SELECT trans_id, {column}{others} FROM (VALUES {rows}) AS t(trans_id, {column})"
