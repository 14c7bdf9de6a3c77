"""Cards issued, without their numbers."""

from __future__ import annotations

from customer360_assets.contracts.columns import BigInt, Date, Text, Timestamp, column
from customer360_assets.contracts.contract import Contract, Reference, Table


class Card(Table):
    """One row per card and business date; a card delivered on two dates has a row on each."""

    business_date: Date = column("Business date of the delivery.")
    card_token: Text = column(
        "Keyed hash (HMAC-SHA-256) of the card number, which stays in raw.",
        pii="pseudonym",
        str_matches=r"^[0-9a-f]{64}$",
    )
    card_last_four: Text = column(
        "Last four digits of the card number; null for a number that is too short to show any.",
        pii="quasi",
        nullable=True,
        str_matches=r"^[0-9]{4}$",
    )
    disp_id: BigInt = column("Disposition that the card was issued to.", pii="pseudonym", ge=0)
    type: Text = column("junior, classic or gold.", isin=["junior", "classic", "gold"])
    issued_datetime: Timestamp = column(
        "When the card was issued.", pii="quasi", not_after="business_date"
    )
    delivery_id: Text = column("The delivery it came in; raw.delivery names its file.")
    line_no: BigInt = column("Line of the record in the delivered file, from 1.", ge=1)


CONTRACT = Contract(
    Card,
    table="stage.card",
    key=("business_date", "card_token"),
    reads="delta",
    feed="card",
    owner="team:cards",
    references=(Reference("disp_id", "stage.disposition", "disp_id"),),
)
