"""web_session and web_hit, on sessions small enough to check by hand."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest

from customer360_assets.contracts import contract
from tests.sql.sql_bank import Bank, D, by_rank

START = 1_500_628_300  # 2017-07-21 09:11:40 UTC
VISITOR = "0085557216346927217"


def session(hits: Any = (), **change: Any) -> dict[str, Any]:
    """A delivered session; JSON columns are given as objects, None leaves them out."""
    nested = {
        "totals": {"visits": 1, "hits": 2, "pageviews": 2, "timeOnSite": 29, "newVisits": 1},
        "traffic_source": {"source": "google", "medium": "organic", "campaign": "(not set)"},
        "device": {"deviceCategory": "mobile", "browser": "Chrome", "operatingSystem": "Android"},
        "geo_network": {
            "country": "Norway",
            "region": "(not set)",
            "city": "not available in demo dataset",
        },
        "hits": hits if hits is None or isinstance(hits, str) else list(hits),
    }
    row: dict[str, Any] = {
        "full_visitor_id": VISITOR,
        "visit_id": 1,
        "visit_start_time": START,
        "visit_number": 1,
        "session_date": dt.date(2017, 7, 21),
        "channel_grouping": "Organic Search",
    }
    for name, value in (nested | change).items():
        known = name in nested and value is not None and not isinstance(value, str)
        row[name] = json.dumps(value) if known else value
    return row


def hit(number: int | None, path: str = "/home", kind: str = "PAGE", **more: Any) -> dict[str, Any]:
    numbered = {} if number is None else {"hitNumber": number}
    return numbered | {"type": kind, "time": 0, "page": {"pagePath": path}} | more


def test_a_session_as_delivered(bank: Bank) -> None:
    bank.add("raw.ga_session", session())
    (row,) = bank.stage("web_session")
    assert row["full_visitor_id"] == VISITOR
    assert row["visit_started_at"] == dt.datetime.fromisoformat("2017-07-21T09:11:40")
    assert (row["source"], row["medium"], row["campaign"]) == ("google", "organic", None)
    assert (row["country"], row["region"], row["city"]) == ("Norway", None, None)
    assert (row["device_category"], row["channel"]) == ("mobile", "Organic Search")
    assert (row["hits"], row["page_views"], row["time_on_site_seconds"]) == (2, 2, 29)
    assert (row["bounces"], row["new_visits"], row["transactions"]) == (None, 1, None)
    assert bank.broken("web_session") == []


@pytest.mark.parametrize("totals", [None, {}, {"hits": None, "bounces": None}, "null"])
def test_a_session_without_totals_is_kept_and_its_totals_are_unknown(
    bank: Bank, totals: Any
) -> None:
    bank.add("raw.ga_session", session(totals=totals, device=None, traffic_source="null"))
    (row,) = bank.stage("web_session")
    assert {row[c] for c in ("visits", "hits", "bounces", "transaction_revenue")} == {None}
    assert {row[c] for c in ("device_category", "source")} == {None}
    assert bank.broken("web_session") == []


def test_revenue_is_exact_money(bank: Bank) -> None:
    bank.add("raw.ga_session", session(totals={"transactionRevenue": 129_905_000}))
    assert bank.stage("web_session")[0]["transaction_revenue"] == Decimal("129.91")


def test_a_direct_visit_keeps_its_medium(bank: Bank) -> None:
    bank.add("raw.ga_session", session(traffic_source={"source": "(direct)", "medium": "(none)"}))
    (row,) = bank.stage("web_session")
    assert (row["source"], row["medium"], row["campaign"]) == ("(direct)", "(none)", None)


@pytest.mark.parametrize("start", [0, START * 1000, 9_000_000_000_000_000_000])
def test_a_start_that_is_no_time_is_refused_by_its_rule(bank: Bank, start: int) -> None:
    bank.add("raw.ga_session", session(visit_start_time=start))
    assert bank.broken("web_session") == ["visit_start_time:in_range"]


def test_a_session_is_visitor_visit_and_start(bank: Bank) -> None:
    bank.add(
        "raw.ga_session",
        session(),
        session(visit_id=2),
        session(visit_start_time=START + 1),
        session(full_visitor_id=VISITOR.lstrip("0")),
        session(),
    )
    found = by_rank(bank.stage("web_session"), "line_no")
    assert found == [(1, 2), (1, 3), (1, 4), (1, 5), (2, 1)]


def test_a_hit_as_delivered(bank: Bank) -> None:
    event = hit(
        3,
        kind="EVENT",
        time=1060,
        page={"pagePath": "/cart", "pageTitle": "Cart", "hostname": "shop.bank.test"},
        eventInfo={"eventCategory": "Ecommerce", "eventAction": "Add", "eventLabel": None},
        eCommerceAction={"action_type": "6"},
        transaction={"transactionId": "ORD1"},
        isEntrance=True,
        isExit=None,
    )
    bank.add("raw.ga_session", session([event]))
    (row,) = bank.stage("web_hit")
    assert (row["hit_number"], row["ga_hit_number"], row["hit_time_ms"]) == (1, 3, 1060)
    assert (row["page_path"], row["page_title"], row["host"]) == (
        "/cart",
        "Cart",
        "shop.bank.test",
    )
    assert (row["event_category"], row["event_action"], row["event_label"]) == (
        "Ecommerce",
        "Add",
        None,
    )
    assert (row["type"], row["action_type"], row["transaction_id"]) == ("EVENT", "6", "ORD1")
    assert (row["is_entrance"], row["is_exit"]) == (True, False)
    assert bank.broken("web_hit") == []


def test_hits_without_a_number_of_their_own_are_all_kept(bank: Bank) -> None:
    bank.add("raw.ga_session", session([hit(2), hit(None), hit(2)]))
    found = by_rank(bank.stage("web_hit"), "hit_number", "ga_hit_number")
    assert found == [(1, 1, 2), (1, 2, None), (1, 3, 2)]
    assert bank.broken("web_hit") == []


@pytest.mark.parametrize("hits", [None, "null", "[]", "{}"])
def test_a_session_without_hits_has_none_and_stays_a_session(bank: Bank, hits: Any) -> None:
    bank.add("raw.ga_session", session(hits), session([hit(1)], visit_id=2))
    assert len(bank.stage("web_hit")) == 1
    assert len(bank.stage("web_session")) == 2
    delivered = contract("stage.web_hit").conserves
    assert delivered is not None
    assert bank.scalar(delivered, D, D) == 1


def test_no_delivery_conserves_zero_hits(bank: Bank) -> None:
    delivered = contract("stage.web_hit").conserves
    assert delivered is not None
    assert bank.scalar(delivered, D, D) == 0


def test_defect_hits_counted_once_per_delivery_of_their_session(bank: Bank) -> None:
    """The session comes again with fewer hits: those that it lost must not survive."""
    bank.add("raw.ga_session", session([hit(1), hit(2, "/old"), hit(3, "/old")]))
    bank.add("raw.ga_session", session([hit(1), hit(2, "/new")]), delivery_seq=2, delivery_id="d2")
    found = by_rank(bank.stage("web_hit"), "delivery_id", "page_path")
    assert found == [
        (1, "d2", "/home"),
        (1, "d2", "/new"),
        (2, "d1", "/home"),
        (2, "d1", "/old"),
        (2, "d1", "/old"),
    ]
    delivered = contract("stage.web_hit").conserves
    assert delivered is not None
    assert bank.scalar(delivered, D, D) == len(found)


def test_defect_session_totals_on_every_hit() -> None:
    totals = {"hits", "page_views", "time_on_site_seconds", "bounces", "transaction_revenue"}
    assert totals <= {c.name for c in contract("stage.web_session").columns}
    assert not totals & {c.name for c in contract("stage.web_hit").columns}
