"""Dispositions: a client's right over an account."""

from __future__ import annotations

from customer360_assets.contracts.columns import BigInt, Date, Text, column
from customer360_assets.contracts.contract import Contract, Reference, Table


class Disposition(Table):
    """One row per disposition and delivered snapshot."""

    business_date: Date = column("Business date of the snapshot.")
    disp_id: BigInt = column("The disposition's number.", pii="pseudonym", ge=0)
    account_id: BigInt = column("Account that may be disposed of.", pii="pseudonym", ge=0)
    client_id: BigInt = column("Client that may do so.", pii="pseudonym", ge=0)
    type: Text = column("owner, or user in the owner's name.", isin=["owner", "user"])
    delivery_id: Text = column("The delivery it came in; raw.delivery names its file.")
    line_no: BigInt = column("Line of the record in the delivered file, from 1.", ge=1)


CONTRACT = Contract(
    Disposition,
    table="stage.disposition",
    key=("business_date", "disp_id"),
    reads="snapshot",
    feed="disposition",
    owner="team:accounts",
    references=(
        Reference("client_id", "stage.customer", "client_id"),
        Reference("account_id", "stage.account", "account_id"),
    ),
)
