"""Accounts as delivered, typed."""

from __future__ import annotations

from customer360_assets.contracts.columns import BigInt, Date, Text, Timestamp, column
from customer360_assets.contracts.contract import Contract, Table


class Account(Table):
    """One row per account and delivered snapshot."""

    business_date: Date = column("Business date of the snapshot.")
    account_id: BigInt = column("The account's number.", pii="pseudonym", ge=0)
    branch_id: BigInt = column("Branch that keeps the account.", ge=0)
    frequency: Text = column(
        "When statements are issued: MI monthly, WI weekly, TI after each transaction.",
        isin=["MI", "WI", "TI"],
    )
    creation_date: Timestamp = column(
        "When the account was opened.", pii="quasi", not_after="business_date"
    )
    delivery_id: Text = column("The delivery it came in; raw.delivery names its file.")
    line_no: BigInt = column("Line of the record in the delivered file, from 1.", ge=1)


CONTRACT = Contract(
    Account,
    table="stage.account",
    key=("business_date", "account_id"),
    reads="snapshot",
    feed="account",
    owner="team:accounts",
)
