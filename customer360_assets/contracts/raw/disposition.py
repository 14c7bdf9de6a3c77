"""raw.disposition: who may dispose of which account, as delivered."""

from __future__ import annotations

from customer360_assets.contracts.columns import BigInt, Text, column
from customer360_assets.contracts.contract import Contract
from customer360_assets.contracts.raw._technical import Delivered


class Disposition(Delivered):
    """One row per client's right over an account and snapshot, as delivered."""

    account_id: BigInt = column("The account.", pii="pseudonym")
    disp_id: BigInt = column("Number of the disposition; cards refer to it.", pii="pseudonym")
    client_id: BigInt = column("The client who holds the right.", pii="pseudonym")
    type: Text = column("owner, or user (may dispose, does not own).")


CONTRACT = Contract(
    Disposition,
    table="raw.disposition",
    key=("business_date", "delivery_id", "line_no"),
    reads="snapshot",
    feed="disposition",
    owner="team:accounts",
)
