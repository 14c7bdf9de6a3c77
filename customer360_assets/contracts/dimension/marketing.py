"""How each client uses the bank's web sites, and the totals that it must add up to."""

from __future__ import annotations

from customer360_assets.contracts.columns import (
    BigInt,
    Date,
    Double,
    Text,
    Weight,
    WeightTotal,
    column,
)
from customer360_assets.contracts.contract import Contract, Control, Table

_TIE = "most sessions, then the most recent one, then the alphabet"


class Marketing(Table):
    """Web visits of each CRM client up to the business date.

    One row per CRM client. A session belongs to every client that its visitor maps to and counts
    once for each; delivered again, its latest delivery stands. The weighted columns give each of a
    visitor's n clients 1/n and add up, over all clients, to the sessions and hits of the mapped
    visitors. A column is null when no visitor map or no session has been delivered by then, and 0
    for a client without visits.
    """

    business_date: Date = column(
        "As-of date: all sessions, and the newest client and visitor map snapshots, up to it."
    )
    client_id: BigInt = column("The client's number in CRM.", pii="pseudonym")
    web_link_confidence: Text = column(
        "exact: every visitor of the client maps to it alone; shared: at least one maps to other"
        " CRM clients too, so that its sessions may be theirs; null: no visitor is known.",
        nullable=True,
        isin=["exact", "shared"],
    )
    web_link_weight: Weight = column(
        "The weakest link: the least 1/n of the client's visitors, n being the CRM clients that a"
        " visitor maps to; 1 means exact, null that no visitor is known.",
        nullable=True,
        gt=0,
        le=1,
    )
    web_visitors: BigInt = column("Visitors that map to the client.", nullable=True, ge=0)
    web_visitors_shared: BigInt = column(
        "Those of them that map to other CRM clients too.", nullable=True, ge=0
    )
    web_sessions: BigInt = column(
        "Distinct sessions of the client's visitors, from stage.web_session.", nullable=True, ge=0
    )
    web_sessions_weighted: Weight = column(
        "Sum over the sessions of their visitor's weight 1/n. Weights have ten decimals; what that"
        " cuts off goes to the visitor's lowest client_id, so that they add up to 1.",
        nullable=True,
        ge=0,
    )
    web_hits: BigInt = column(
        "Sum of the sessions' hits as Analytics counted them (totals.hits, once per session).",
        nullable=True,
        ge=0,
    )
    web_hits_weighted: WeightTotal = column(
        "Sum over the sessions of hits times the visitor's weight.", nullable=True, ge=0
    )
    web_page_views: BigInt = column(
        "Sum of page_views; missing in a counted session (visits = 1) is 0.", nullable=True, ge=0
    )
    web_time_on_site_seconds: BigInt = column(
        "Seconds, summed over the sessions whose length is known; null when none is.",
        nullable=True,
        ge=0,
    )
    web_bounces: BigInt = column(
        "Numerator of the bounce rate: sessions of a single interaction.", nullable=True, ge=0
    )
    web_bounce_known_sessions: BigInt = column(
        "Denominator of the bounce rate: sessions that Analytics counts (visits = 1), in which a"
        " missing bounces means no, and those that state bounces.",
        nullable=True,
        ge=0,
    )
    web_bounce_rate: Double = column(
        "web_bounces / web_bounce_known_sessions, from 0 to 1; null without a known session.",
        nullable=True,
        in_range={"min_value": 0.0, "max_value": 1.0},
    )
    web_new_visits: BigInt = column(
        "Sessions that were their visitor's first (new_visits).", nullable=True, ge=0
    )
    web_last_visit_date: Date = column("Latest session_date.", pii="quasi", nullable=True)
    web_days_since_last_visit: BigInt = column(
        "Days from that date to the business date.", nullable=True, ge=0
    )
    web_preferred_device: Text = column(
        f"device_category of {_TIE}; sessions without one do not vote.", nullable=True
    )
    web_preferred_channel: Text = column(f"channel of {_TIE}.", nullable=True)
    web_preferred_source: Text = column(
        f"source of the one combination of source, medium and campaign with {_TIE}.", nullable=True
    )
    web_preferred_medium: Text = column("medium of that combination.", nullable=True)
    web_preferred_campaign: Text = column("campaign of that combination.", nullable=True)
    web_top_page_1: Text = column(
        "page_path with the most hits of type PAGE in the client's sessions; at a tie the one of"
        " the most recent session, then the alphabet. From stage.web_hit.",
        pii="quasi",
        nullable=True,
    )
    web_top_page_2: Text = column("The second of them.", pii="quasi", nullable=True)
    web_top_page_3: Text = column("The third of them.", pii="quasi", nullable=True)
    web_transaction_events: BigInt = column(
        "Hits with ecommerce action_type 6 (completed purchase), from stage.web_hit. A purchase"
        " can send several.",
        nullable=True,
        ge=0,
    )


# The sessions of mapped visitors by another way: no windows, no weights, no clients.
_MAPPED = """
WITH as_of AS (
    SELECT CAST(? AS date) AS business_date
),

visitors AS (
    SELECT full_visitor_id FROM stage.web_visitor_map
    WHERE
        business_date = (
            SELECT max(business_date) FROM stage.web_visitor_map
            WHERE business_date <= (SELECT as_of.business_date FROM as_of)
        )
        AND client_id IN (
            SELECT client_id FROM stage.customer
            WHERE business_date = (
                SELECT max(business_date) FROM stage.customer
                WHERE business_date <= (SELECT as_of.business_date FROM as_of)
            )
        )
),

sessions AS (
    SELECT full_visitor_id, visit_id, visit_start_time, max(business_date) AS business_date
    FROM stage.web_session
    WHERE
        business_date <= (SELECT as_of.business_date FROM as_of)
        AND session_date <= (SELECT as_of.business_date FROM as_of)
        AND full_visitor_id IN (SELECT visitors.full_visitor_id FROM visitors)
    GROUP BY full_visitor_id, visit_id, visit_start_time
)
"""

_OF_SESSION = """
INNER JOIN sessions
    ON
        fact.business_date = sessions.business_date
        AND fact.full_visitor_id = sessions.full_visitor_id
        AND fact.visit_id = sessions.visit_id
        AND fact.visit_start_time = sessions.visit_start_time
"""

CONTRACT = Contract(
    Marketing,
    table="dimension.marketing",
    key=("business_date", "client_id"),
    prefix="web_",
    owner="team:digital",
    controls=(
        Control(
            "weighted sessions are the mapped sessions",
            "coalesce(sum(web_sessions_weighted), 0)",
            f"{_MAPPED} SELECT count(*) FROM sessions",
        ),
        Control(
            "weighted hits are the mapped sessions' hits",
            "coalesce(sum(web_hits_weighted), 0)",
            f"{_MAPPED} SELECT coalesce(sum(fact.hits), 0)"
            f" FROM stage.web_session AS fact {_OF_SESSION}",
        ),
        # Analytics exports no more than some hundreds of hits a session, and a hit can be in
        # quarantine: what its totals state may then exceed the rows that came.
        Control(
            "weighted hits are the rows of web_hit",
            "coalesce(sum(web_hits_weighted), 0)",
            f"{_MAPPED} SELECT count(*) FROM stage.web_hit AS fact {_OF_SESSION}",
            severity="warn",
        ),
    ),
)
