"""A rule of the raw contract that an optional column breaks costs the value too."""

from __future__ import annotations

from decimal import Decimal

import duckdb

from customer360_assets.contracts.columns import BigInt, Money, Text, column
from customer360_assets.contracts.contract import Contract
from customer360_assets.contracts.raw._technical import Delivered
from customer360_assets.deliveries.parsing.conversion import judged_sql
from tests.deliveries.movements import movement_feed
from tests.deliveries.raw_home import DAY


class Bounded(Delivered):
    """Movements with rules of their own."""

    trans_id: BigInt = column("Number.", ge=0)
    operation: Text = column("Kind.", nullable=True, isin=["CCW", "RAB"])
    balance: Money = column("Balance.", nullable=True, ge=Decimal(0))


BOUNDED = Contract(
    Bounded,
    table="raw.transaction",
    key=("business_date", "delivery_id", "line_no"),
    reads="delta",
    feed="transaction",
)


def test_each_rule_takes_its_own_column() -> None:
    delivered = (
        "SELECT i AS __line_no, '' AS __record, CAST(NULL AS VARCHAR) AS __form, trans_id,"
        " operation, balance FROM (VALUES (1, '1', 'CCW', '0'), (2, '2', 'NEW', '-1'),"
        " (3, '3', NULL, 'x'), (4, '-4', 'NEW', '-1')) AS t(i, trans_id, operation, balance)"
    )
    sql = judged_sql(movement_feed(), BOUNDED, delivered, {}, DAY)
    rows = duckdb.execute(f"SELECT trans_id, operation, balance, __rule, __aside FROM ({sql})")
    assert rows.fetchall() == [
        (1, "CCW", Decimal("0.00"), None, None),
        (2, None, None, None, ["operation:isin", "balance:ge"]),
        (3, None, None, None, ["balance:type"]),
        # The record is in quarantine by its first required rule, whatever else is wrong with it.
        (-4, None, None, "trans_id:ge", ["operation:isin", "balance:ge"]),
    ]
