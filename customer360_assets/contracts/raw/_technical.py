"""The columns that lead from a row of raw back to the line that was delivered."""

from __future__ import annotations

from customer360_assets.contracts.columns import BigInt, Date, Text, column
from customer360_assets.contracts.contract import Table

TECHNICAL = ("business_date", "delivery_id", "delivery_seq", "line_no")


class Delivered(Table):
    """One row per delivered record that could be typed."""

    business_date: Date = column("Business date that the record was delivered for.")
    delivery_id: Text = column("The delivery; raw.delivery names its file.")
    delivery_seq: BigInt = column("Order of arrival of the delivery within its feed, from 1.")
    line_no: BigInt = column("Line of the record in the delivered file, from 1.")
