"""Which CRM client a web visitor may be."""

from __future__ import annotations

from customer360_assets.contracts.columns import BigInt, Date, Text, column
from customer360_assets.contracts.contract import Contract, Reference, Table


class WebVisitorMap(Table):
    """One row per pair of visitor and client and delivered snapshot; many to many."""

    business_date: Date = column("Business date of the snapshot.")
    full_visitor_id: Text = column(
        "Visitor id of Google Analytics: text, with leading zeros, can exceed 2^63.",
        pii="pseudonym",
    )
    client_id: BigInt = column("Client that the visitor may be.", pii="pseudonym", ge=0)
    delivery_id: Text = column("The delivery it came in; raw.delivery names its file.")
    line_no: BigInt = column("Line of the record in the delivered file, from 1.", ge=1)


CONTRACT = Contract(
    WebVisitorMap,
    table="stage.web_visitor_map",
    key=("business_date", "full_visitor_id", "client_id"),
    reads="snapshot",
    feed="web_visitor_map",
    owner="team:digital",
    references=(Reference("client_id", "stage.customer", "client_id"),),
)
