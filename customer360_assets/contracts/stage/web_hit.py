"""Web hits: what happened within a web session."""

from __future__ import annotations

from customer360_assets.contracts.columns import BigInt, Bool, Date, Text, column
from customer360_assets.contracts.contract import Contract, Table


class WebHit(Table):
    """One row per hit of a web session and business date, of the session's latest delivery."""

    business_date: Date = column("Business date of the delivery.")
    full_visitor_id: Text = column(
        "Visitor id of Google Analytics: text, with leading zeros, can exceed 2^63.",
        pii="pseudonym",
    )
    visit_id: BigInt = column("Session id, unique for its visitor only.", pii="pseudonym", ge=0)
    visit_start_time: BigInt = column("Start in seconds since 1970-01-01 UTC.", ge=0)
    hit_number: BigInt = column("Place of the hit in the delivered session, from 1.", ge=1)
    ga_hit_number: BigInt = column(
        "Analytics' own number of the hit, which can have gaps.", nullable=True, ge=1
    )
    type: Text = column(
        "PAGE, EVENT, TRANSACTION, ITEM, SOCIAL, APPVIEW or EXCEPTION.",
        isin=["PAGE", "EVENT", "TRANSACTION", "ITEM", "SOCIAL", "APPVIEW", "EXCEPTION"],
    )
    hit_time_ms: BigInt = column(
        "Milliseconds from the session's start to the hit.", nullable=True, ge=0
    )
    host: Text = column("Host that was visited.", nullable=True)
    page_path: Text = column("Path of the page.", pii="quasi", nullable=True)
    page_title: Text = column("Title of the page.", pii="quasi", nullable=True)
    event_category: Text = column("Category of an event.", nullable=True)
    event_action: Text = column("Action of an event.", nullable=True)
    event_label: Text = column("Label of an event.", pii="quasi", nullable=True)
    action_type: Text = column(
        "Ecommerce action: 0 unknown, 1 click through a product list, 2 product detail view, 3 add"
        " to cart, 4 remove from cart, 5 check-out, 6 completed purchase, 7 refund, 8 check-out"
        " options.",
        nullable=True,
        isin=["0", "1", "2", "3", "4", "5", "6", "7", "8"],
    )
    is_entrance: Bool = column("True for the session's first page or event.")
    is_exit: Bool = column("True for the session's last page or event.")
    transaction_id: Text = column("Purchase that the hit belongs to.", pii="quasi", nullable=True)
    delivery_id: Text = column("The delivery it came in; raw.delivery names its file.")
    line_no: BigInt = column("Line of the record in the delivered file, from 1.", ge=1)


# The delivered records of this table are hits, and the raw table holds sessions. They are counted
# by their places in the delivered text, not by what the transformation made of it. A text that is
# neither a list nor holds one is a single record: one hit, or one that cannot be read.
DELIVERED_HITS = r"""
SELECT coalesce(sum(
    CASE
        WHEN hits IS NULL THEN 0
        WHEN regexp_like(hits, '^[ \t\r\n]*(null|\{[ \t\r\n]*\})?[ \t\r\n]*\z') THEN 0
        WHEN
            coalesce(
                cardinality(try(CAST(json_parse(concat('[', hits, ']')) AS array(json)))), 0
            ) <> 1 THEN 1
        ELSE
            coalesce(
                json_array_length(hits),
                json_array_length(json_extract(hits, '$.list')),
                json_array_length(json_extract(hits, '$.array')),
                1
            )
    END
), 0)
FROM (
    SELECT
        CASE
            WHEN regexp_like(hits, '^[ \t\r\n]*"')
                THEN coalesce(json_extract_scalar(hits, '$'), hits)
            ELSE hits
        END AS hits
    FROM raw.ga_session
    WHERE business_date BETWEEN CAST(? AS date) AND CAST(? AS date)
) AS delivered
"""

CONTRACT = Contract(
    WebHit,
    table="stage.web_hit",
    key=("business_date", "full_visitor_id", "visit_id", "visit_start_time", "hit_number"),
    reads="delta",
    feed="ga_session",
    owner="team:digital",
    conserves=DELIVERED_HITS,
    form_rule="form_rule",
)
