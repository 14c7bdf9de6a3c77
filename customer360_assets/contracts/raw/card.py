"""raw.card: issued cards as delivered."""

from __future__ import annotations

from customer360_assets.contracts.columns import BigInt, Text, Timestamp, column
from customer360_assets.contracts.contract import Contract
from customer360_assets.contracts.raw._technical import Delivered


class Card(Delivered):
    """One row per delivered card; the clear number goes no further than this table."""

    card_id: Text = column("Card number as delivered.", pii="restricted")
    card_token: Text = column(
        "HMAC-SHA256 of the card number under the bank's key, 64 hex digits.", pii="pseudonym"
    )
    card_last_four: Text = column(
        "Last four digits of a number of 12 to 19 digits, else null.", pii="quasi", nullable=True
    )
    disp_id: BigInt = column("The disposition that the card was issued for.", pii="pseudonym")
    type: Text = column("junior, classic or gold.")
    issued_datetime: Timestamp = column("When the card was issued.", nullable=True)


CONTRACT = Contract(
    Card,
    table="raw.card",
    key=("business_date", "delivery_id", "line_no"),
    reads="delta",
    feed="card",
    owner="team:cards",
)
