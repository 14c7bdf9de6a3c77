"""raw.ga_session: Google Analytics sessions as delivered."""

from __future__ import annotations

from customer360_assets.contracts.columns import BigInt, Date, Text, column
from customer360_assets.contracts.contract import Contract
from customer360_assets.contracts.raw._technical import Delivered

LONGEST = 16 << 20
"""Bytes of a session: it has up to 500 hits, each with its products and dimensions."""


class GaSession(Delivered):
    """One row per delivered web session; what is nested stays JSON text."""

    full_visitor_id: Text = column(
        "Google's visitor: text, for it has leading zeros and exceeds 63 bits.", pii="pseudonym"
    )
    visit_id: BigInt = column("Number of the visit, unique within a visitor only.")
    visit_start_time: BigInt = column("Start of the visit, seconds since 1970-01-01 UTC.")
    visit_number: BigInt = column(
        "How many visits the visitor has made, this one included.", nullable=True
    )
    session_date: Date = column("Day of the visit in the property's time zone.", nullable=True)
    channel_grouping: Text = column("Channel by Google's grouping.", nullable=True)
    totals: Text = column("JSON object: hits, pageviews, timeOnSite, bounces.", nullable=True)
    traffic_source: Text = column("JSON object: source, medium, campaign.", nullable=True)
    device: Text = column("JSON object: category, browser, system.", pii="quasi", nullable=True)
    geo_network: Text = column("JSON object: country, region, city.", pii="quasi", nullable=True)
    custom_dimensions: Text = column("JSON array of index and value.", pii="quasi", nullable=True)
    hits: Text = column(
        "JSON array of hits, each with page, events, products.", nullable=True, longest=LONGEST
    )


CONTRACT = Contract(
    GaSession,
    table="raw.ga_session",
    key=("business_date", "delivery_id", "line_no"),
    reads="delta",
    feed="ga_session",
    owner="team:web",
    longest_record=LONGEST,
)
