"""Web sessions of Google Analytics and their totals."""

from __future__ import annotations

from customer360_assets.contracts.columns import (
    MOST_COUNTED,
    MOST_MONEY,
    BigInt,
    Date,
    Money,
    Text,
    Timestamp,
    column,
)
from customer360_assets.contracts.contract import Contract, Table


class WebSession(Table):
    """One row per web session and business date; the session's totals are here and nowhere else."""

    business_date: Date = column("Business date of the delivery.")
    full_visitor_id: Text = column(
        "Visitor id of Google Analytics: text, with leading zeros, can exceed 2^63.",
        pii="pseudonym",
    )
    visit_id: BigInt = column("Session id, unique for its visitor only.", pii="pseudonym", ge=0)
    visit_start_time: BigInt = column(
        "Start in seconds since 1970-01-01 UTC; within the years 2000 to 2099.",
        in_range={"min_value": 946_684_800, "max_value": 4_102_444_800},
    )
    visit_started_at: Timestamp = column("Start in UTC, from visit_start_time.")
    session_date: Date = column("Date of the session in the time zone of the Analytics view.")
    visit_number: BigInt = column("1 for the visitor's first session.", nullable=True, ge=1)
    channel: Text = column("Analytics' default channel group.", nullable=True)
    source: Text = column("Where the visitor came from; (direct) is one.", nullable=True)
    medium: Text = column("Kind of source; (none) for a direct visit.", nullable=True)
    campaign: Text = column("Campaign, null when there is none.", nullable=True)
    device_category: Text = column(
        "desktop, mobile or tablet.", nullable=True, isin=["desktop", "mobile", "tablet"]
    )
    browser: Text = column("Browser, null when unknown.", pii="quasi", nullable=True)
    operating_system: Text = column("Operating system, null when unknown.", nullable=True)
    country: Text = column("Country by network address.", pii="quasi", nullable=True)
    region: Text = column("Region by network address.", pii="quasi", nullable=True)
    city: Text = column("City by network address.", pii="quasi", nullable=True)
    visits: BigInt = column(
        "1 for a session with an interaction; null for one that Analytics does not count.",
        nullable=True,
        ge=0,
        le=MOST_COUNTED,
    )
    hits: BigInt = column(
        "Hits of the session as Analytics counted them.", nullable=True, ge=0, le=MOST_COUNTED
    )
    page_views: BigInt = column(
        "Page views; Analytics leaves a total of none out, so null in a counted session is none.",
        nullable=True,
        ge=0,
        le=MOST_COUNTED,
    )
    time_on_site_seconds: BigInt = column(
        "Seconds from first to last hit; null for one hit, which has no length.",
        nullable=True,
        ge=0,
        le=MOST_COUNTED,
    )
    bounces: BigInt = column(
        "1 for a session of one interaction; null in a counted session is no bounce.",
        nullable=True,
        isin=[0, 1],
    )
    new_visits: BigInt = column(
        "1 for the visitor's first session; null in a counted session is no.",
        nullable=True,
        isin=[0, 1],
    )
    transactions: BigInt = column("Purchases in the session.", nullable=True, ge=0, le=MOST_COUNTED)
    transaction_revenue: Money = column(
        "Revenue of the purchases in the shop's currency; delivered in millionths, rounded to"
        " hundredths.",
        nullable=True,
        in_range={"min_value": -MOST_MONEY, "max_value": MOST_MONEY},
    )
    delivery_id: Text = column("The delivery it came in; raw.delivery names its file.")
    line_no: BigInt = column("Line of the record in the delivered file, from 1.", ge=1)


CONTRACT = Contract(
    WebSession,
    table="stage.web_session",
    key=("business_date", "full_visitor_id", "visit_id", "visit_start_time"),
    reads="delta",
    feed="ga_session",
    owner="team:digital",
    form_rule="form_rule",
)
