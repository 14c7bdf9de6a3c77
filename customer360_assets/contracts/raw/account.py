"""raw.account: accounts as delivered."""

from __future__ import annotations

from customer360_assets.contracts.columns import BigInt, Text, Timestamp, column
from customer360_assets.contracts.contract import Contract
from customer360_assets.contracts.raw._technical import Delivered


class Account(Delivered):
    """One row per account and snapshot, as delivered."""

    account_id: BigInt = column("The bank's number of the account.", pii="pseudonym")
    branch_id: BigInt = column("The branch that keeps the account.", nullable=True)
    frequency: Text = column(
        "Statements: MI monthly, WI weekly, TI after each transaction.", nullable=True
    )
    creation_date: Timestamp = column("When the account was opened.", nullable=True)


CONTRACT = Contract(
    Account,
    table="raw.account",
    key=("business_date", "delivery_id", "line_no"),
    reads="snapshot",
    feed="account",
    owner="team:accounts",
)
