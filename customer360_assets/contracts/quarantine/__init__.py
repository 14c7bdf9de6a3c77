"""Quarantine: what was refused of each feed, as delivered, with the rule that it broke."""

from __future__ import annotations

from functools import cache

from customer360_assets.contracts.columns import BigInt, Date, Text, column
from customer360_assets.contracts.contract import Contract, Table


class Quarantined(Table):
    """One row per delivered record and table that refused it; nothing is dropped without one."""

    business_date: Date = column("Business date of the delivery that held the record.")
    feed: Text = column("The feed that delivered it.")
    delivery_id: Text = column("The delivery; raw.delivery names its file.")
    file: Text = column("The file as it was named in the landing zone.")
    line_no: BigInt = column("Line of the record in that file, from 1.", ge=1)
    rule: Text = column("The rule it broke: column:check, or record:check for the record's form.")
    set_aside: Text = column(
        "record: the table has no row of it. value: its row is published, with null in the column"
        " that the rule names.",
        isin=["record", "value"],
    )
    caught_by: Text = column("The asset that refused it, such as raw/card or stage/card.")
    record: Text = column("The record as delivered.", pii="restricted", nullable=True)


@cache
def contracts() -> tuple[Contract, ...]:
    """Return one quarantine contract per feed (raw contract that names a feed)."""
    from customer360_assets.contracts import contracts as of_schema

    return tuple(
        Contract(
            Quarantined,
            table=f"quarantine.{raw.feed}",
            key=("business_date", "caught_by", "delivery_id", "line_no", "rule"),
            reads="delta",
            feed=raw.feed,
        )
        for raw in of_schema("raw")
        if raw.feed is not None
    )
