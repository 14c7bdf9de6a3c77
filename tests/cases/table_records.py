"""Cases of whole records: their keys, their shapes, and values too large to hold."""

from __future__ import annotations

from tests.cases.case import (
    CRM,
    GA,
    HITS_SHAPE,
    KEY_CONFLICT,
    MOVEMENTS,
    REPEATED_FIELD,
    Case,
    Quarantined,
)
from tests.cases.site import Site

LARGE = "transactions/trans-1.csv"
MOVED = (
    "SELECT trans_id, account_id, amount, balance FROM stage.transaction"
    " ORDER BY account_id, trans_id"
)
HITS = "SELECT visit_id, count(*) AS hits FROM stage.web_hit GROUP BY visit_id ORDER BY visit_id"
EVERY_MOVEMENT = [
    (1, 11, "100.00", "100.00"),
    (2, 11, "10.00", "90.00"),
    (1, 12, "50.00", "50.00"),
    (1, 13, "25.00", "25.00"),
]


def _the_day_before(site: Site) -> None:
    """Publish the whole snapshot of the day before the changes."""
    assert site.run("2024-05-23")[0] == 0


RECORDS = (
    Case(
        "15-json-duplicate-keys",
        clients=2,
        rows={"customer": 2},
        quarantined=frozenset(
            {Quarantined(CRM, 1, REPEATED_FIELD), Quarantined(CRM, 2, REPEATED_FIELD)}
        ),
        values={"SELECT client_id FROM stage.customer ORDER BY client_id": [(3,), (4,)]},
    ),
    Case(
        "19-trans-id-per-account",
        rows={"transaction": 2},
        records={MOVEMENTS: 4},
        quarantined=frozenset(
            {Quarantined(MOVEMENTS, 2, KEY_CONFLICT), Quarantined(MOVEMENTS, 3, KEY_CONFLICT)}
        ),
        values={MOVED: EVERY_MOVEMENT[1::2]},
    ),
    Case(
        "19-trans-id-per-account",
        way="the key stated",
        feeds={"transaction": "key: [account_id, trans_id]\n"},
        rows={"transaction": 4},
        records={MOVEMENTS: 4},
        values={MOVED: EVERY_MOVEMENT},
    ),
    Case(
        "28a-ga-hits-plain-text",
        rows={"web_hit": 6},
        quarantined=frozenset({Quarantined(GA, 4, HITS_SHAPE)}),
        values={HITS: [(1716440001, 2), (1716440002, 2), (1716440003, 2)]},
    ),
    Case(
        "28b-ga-hits-python-text",
        rows={"web_hit": 6},
        quarantined=frozenset({Quarantined(GA, 4, HITS_SHAPE)}),
        values={HITS: [(1716440001, 2), (1716440002, 2), (1716440003, 2)]},
    ),
    Case(
        "28c-ga-hits-other-shapes",
        rows={"web_session": 8},
        quarantined=frozenset({Quarantined(GA, 7, "type:not_null")}),
        values={
            HITS: [
                (1716440001, 2),
                (1716440003, 1),
                (1716440004, 2),
                (1716440005, 2),
                (1716440008, 1),
            ]
        },
    ),
    Case(
        "29-ga4-events",
        rows={"web_session": 2, "web_hit": 0, "web_visitor_map": 2},
        left={"web_session": 2},
        waits="GA4: events as sessions and hits",
    ),
    Case(
        "47-crm-changes-only",
        setup=_the_day_before,
        on="2024-05-24",
        code=1,
        clients=0,
        left={"customer": 2},
        says=("Not published.", "stage.customer"),
        values={"SELECT count(*) FROM profile.customer_360": [(4,)]},
        waits="GA4: deliveries of changes",
    ),
    Case(
        "53b-large-hits",
        quarantined=frozenset({Quarantined(GA, 1, "hits:le", "value")}),
        values={
            "SELECT line_no, hits FROM stage.web_session ORDER BY line_no": [
                (1, None),
                (2, 2),
                (3, 2),
                (4, 2),
            ]
        },
    ),
    Case(
        "53e-large-values",
        rows={"transaction": 3},
        records={LARGE: 3},
        quarantined=frozenset({Quarantined(LARGE, 3, "balance:in_range", "value")}),
        values={
            MOVED: [
                (1, 11, "100.00", "100.00"),
                (2, 12, "5.00", None),
                (3, 13, "1.00", "1.00"),
            ]
        },
    ),
    Case(
        "53f-large-values",
        rows={"transaction": 2},
        records={LARGE: 3},
        quarantined=frozenset({Quarantined(LARGE, 3, "amount:le")}),
        values={MOVED: [(1, 11, "100.00", "100.00"), (3, 13, "1.00", "1.00")]},
    ),
)
