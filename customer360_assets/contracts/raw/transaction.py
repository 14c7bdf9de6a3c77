"""raw.transaction: account movements as delivered."""

from __future__ import annotations

from customer360_assets.contracts.columns import BigInt, Money, Text, Timestamp, column
from customer360_assets.contracts.contract import Contract
from customer360_assets.contracts.raw._technical import Delivered


class Transaction(Delivered):
    """One row per delivered account movement; a redelivered movement appears again."""

    trans_id: BigInt = column("The core banking system's number of the movement.")
    account_id: BigInt = column("The account moved.", pii="pseudonym")
    date: Timestamp = column("When the movement was booked.")
    type: Text = column("credit (into the account) or debit (out of it).")
    operation: Text = column(
        """CCW card withdrawal, CCK credit in cash, CAB collection from another bank,
        WCA withdrawal in cash, RAB remittance to another bank; null where the system states none,
        as on interest.""",
        nullable=True,
    )
    amount: Money = column("Amount moved, unsigned, in the account's currency.", pii="quasi")
    balance: Money = column("Balance after the movement.", pii="quasi", nullable=True)
    trans_scope: Text = column(
        "What the number counts within: values of the feed's key beside it; empty where the number"
        " is unique by itself.",
        pii="pseudonym",
    )


CONTRACT = Contract(
    Transaction,
    table="raw.transaction",
    key=("business_date", "delivery_id", "line_no"),
    reads="delta",
    feed="transaction",
    scope="trans_scope",
    owner="team:core-banking",
)
