"""raw.web_visitor_map: which web visitor may be which client, as delivered."""

from __future__ import annotations

from customer360_assets.contracts.columns import BigInt, Text, column
from customer360_assets.contracts.contract import Contract
from customer360_assets.contracts.raw._technical import Delivered


class WebVisitorMap(Delivered):
    """One row per delivered pair; a visitor may map to many clients and a client to many."""

    full_visitor_id: Text = column("Google's visitor, as text.", pii="pseudonym")
    client_id: BigInt = column("A client that the visitor may be.", pii="pseudonym")


CONTRACT = Contract(
    WebVisitorMap,
    table="raw.web_visitor_map",
    key=("business_date", "delivery_id", "line_no"),
    reads="snapshot",
    feed="web_visitor_map",
    owner="team:web",
)
