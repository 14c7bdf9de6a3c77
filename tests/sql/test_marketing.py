"""dimension.marketing on visits small enough to count by hand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from tests.sql.sql_bank import Bank, D

EVE = D - dt.timedelta(days=1)
NEXT = D + dt.timedelta(days=1)
LONG = "0085557216346927217"


def clients(bank: Bank, *ids: int) -> None:
    bank.add("stage.customer", *({"client_id": i} for i in ids))


def mapped(bank: Bank, visitor: str, *ids: int, **common: Any) -> None:
    pairs = ({"full_visitor_id": visitor, "client_id": i} for i in ids)
    bank.add("stage.web_visitor_map", *pairs, **common)


def visit(bank: Bank, visitor: str, visit_id: int = 1, **more: Any) -> None:
    start = more.pop("start", 1_700_000_000 + visit_id)
    plain = {
        "full_visitor_id": visitor,
        "visit_id": visit_id,
        "visit_start_time": start,
        "session_date": EVE,
        "visits": 1,
        "hits": 3,
    }
    bank.add("stage.web_session", plain | more)


def page(bank: Bank, visitor: str, path: str | None, number: int, **more: Any) -> None:
    plain = {
        "full_visitor_id": visitor,
        "visit_id": 1,
        "visit_start_time": 1_700_000_001,
        "hit_number": number,
        "type": "PAGE",
        "page_path": path,
        "is_entrance": False,
        "is_exit": False,
    }
    bank.add("stage.web_hit", plain | more)


def pick(row: dict[str, Any], *columns: str) -> tuple[Any, ...]:
    return tuple(row[f"web_{c}"] for c in columns)


def test_defect_hits_counted_once_per_hit_row_and_client(bank: Bank) -> None:
    """Three hits of one session of a visitor with two clients: 3 each, 3 in all when weighted."""
    clients(bank, 1, 2)
    mapped(bank, "v", 1, 2)
    visit(bank, "v", hits=3)
    for n in (1, 2, 3):
        page(bank, "v", "/home", n)
    found = bank.dimension("marketing")
    for client in (1, 2):
        assert pick(found[client], "sessions", "hits") == (1, 3)
        assert pick(found[client], "sessions_weighted") == (Decimal("0.5"),)
        assert pick(found[client], "hits_weighted") == (Decimal("1.5"),)
    assert bank.control("marketing", 2) == (Decimal(3), 3)


@pytest.mark.parametrize("n", [1, 2, 3, 7, 18, 64, 999])
def test_the_weights_of_a_visitor_add_up_to_one(bank: Bank, n: int) -> None:
    ids = range(100, 100 + n)
    clients(bank, *ids)
    mapped(bank, LONG, *ids)
    visit(bank, LONG, hits=5)
    found = bank.dimension("marketing")
    weights = [found[i]["web_sessions_weighted"] for i in ids]
    assert sum(weights) == 1
    assert sum(found[i]["web_hits_weighted"] for i in ids) == 5
    assert set(weights[1:]) <= {(Decimal(1) / n).quantize(Decimal("1e-10"), "ROUND_DOWN")}
    assert max(weights) == weights[0]


def test_the_lowest_client_takes_what_rounding_left(bank: Bank) -> None:
    clients(bank, 7, 8, 9)
    mapped(bank, "v", 9, 7, 8)
    visit(bank, "v")
    found = bank.dimension("marketing")
    assert [str(found[c]["web_sessions_weighted"]) for c in (7, 8, 9)] == [
        "0.3333333334",
        "0.3333333333",
        "0.3333333333",
    ]


def test_how_sure_the_link_is(bank: Bank) -> None:
    clients(bank, 1, 2, 3, 4)
    mapped(bank, "own", 1)
    mapped(bank, "home", 1, 2)
    mapped(bank, "three", 3, 5500)
    visit(bank, "own")
    visit(bank, "home")
    found = bank.dimension("marketing")
    link = ("link_confidence", "link_weight", "visitors", "visitors_shared")
    assert pick(found[1], *link) == ("shared", Decimal("0.5"), 2, 1)
    assert pick(found[2], *link) == ("shared", Decimal("0.5"), 1, 1)
    assert pick(found[3], *link) == ("exact", Decimal(1), 1, 0)
    assert pick(found[4], *link) == (None, None, 0, 0)
    assert pick(found[1], "sessions", "sessions_weighted") == (2, Decimal("1.5"))
    assert pick(found[4], "sessions", "sessions_weighted", "hits", "bounces") == (0, 0, 0, 0)
    assert pick(found[4], "bounce_rate", "last_visit_date", "top_page_1") == (None, None, None)


def test_visitors_that_differ_by_a_leading_zero_are_two(bank: Bank) -> None:
    clients(bank, 1, 2)
    mapped(bank, LONG, 1)
    mapped(bank, LONG.lstrip("0"), 2)
    visit(bank, LONG)
    found = bank.dimension("marketing")
    assert [found[c]["web_sessions"] for c in (1, 2)] == [1, 0]


def test_a_session_delivered_on_two_dates_counts_once_as_delivered_last(bank: Bank) -> None:
    clients(bank, 1)
    mapped(bank, "v", 1)
    visit(bank, "v", hits=9, business_date=EVE)
    visit(bank, "v", hits=2)
    visit(bank, "v", hits=100, business_date=NEXT)
    page(bank, "v", "/gone", 1, business_date=EVE)
    page(bank, "v", "/gone", 2, business_date=EVE, action_type="6")
    page(bank, "v", "/kept", 1)
    (row,) = bank.dimension("marketing").values()
    assert pick(row, "sessions", "hits") == (1, 2)
    assert pick(row, "top_page_1", "top_page_2", "transaction_events") == ("/kept", None, 0)


def test_nothing_from_after_the_business_date(bank: Bank) -> None:
    clients(bank, 1)
    mapped(bank, "v", 1)
    mapped(bank, "w", 1, business_date=NEXT)
    visit(bank, "v", session_date=D)
    visit(bank, "v", 2, session_date=NEXT)
    visit(bank, "w")
    (row,) = bank.dimension("marketing").values()
    assert pick(row, "sessions", "last_visit_date", "days_since_last_visit") == (1, D, 0)


def test_bounce_rate_has_a_numerator_and_a_denominator(bank: Bank) -> None:
    """Analytics states a bounce as 1 and no bounce as nothing; an uncounted session is unknown."""
    clients(bank, 1)
    mapped(bank, "v", 1)
    visit(bank, "v", 1, bounces=1, page_views=1, new_visits=1)
    visit(bank, "v", 2, page_views=4, time_on_site_seconds=60)
    visit(bank, "v", 3, page_views=None, time_on_site_seconds=5)
    visit(bank, "v", 4, visits=None, hits=None)
    (row,) = bank.dimension("marketing").values()
    assert pick(row, "bounces", "bounce_known_sessions") == (1, 3)
    assert row["web_bounce_rate"] == pytest.approx(1 / 3)
    assert pick(row, "sessions", "hits", "page_views", "new_visits") == (4, 9, 5, 1)
    assert pick(row, "time_on_site_seconds") == (65,)


def test_defect_null_written_as_zero_totals_that_no_session_states(bank: Bank) -> None:
    clients(bank, 1)
    mapped(bank, "v", 1)
    visit(bank, "v", visits=None, hits=None)
    (row,) = bank.dimension("marketing").values()
    assert pick(row, "sessions", "sessions_weighted") == (1, 1)
    unknown = ("hits", "hits_weighted", "page_views", "time_on_site_seconds", "bounces")
    assert pick(row, *unknown) == (None,) * 5
    assert pick(row, "bounce_known_sessions", "bounce_rate") == (0, None)


@pytest.mark.parametrize("delivered", ["nothing", "the map", "sessions"])
def test_without_a_delivery_the_columns_are_null(bank: Bank, delivered: str) -> None:
    clients(bank, 1)
    if delivered == "the map":
        mapped(bank, "v", 1)
    if delivered == "sessions":
        visit(bank, "v")
    (row,) = bank.dimension("marketing").values()
    known = {c: v for c, v in row.items() if c.startswith("web_") and v is not None}
    link = {"web_link_confidence": "exact", "web_link_weight": 1}
    counts = {"web_visitors": 1, "web_visitors_shared": 0}
    assert known == (link | counts if delivered == "the map" else {})


def test_defect_rank_ties_preferences_are_the_same_every_time(bank: Bank) -> None:
    """Most sessions; then the most recent; then the alphabet. What is unknown has no vote."""
    clients(bank, 1)
    mapped(bank, "v", 1)
    mapped(bank, "w", 1)
    direct = {"source": "(direct)", "medium": "(none)"}
    google = {"source": "google", "medium": "cpc", "campaign": "spring"}
    visit(bank, "v", 1, device_category="mobile", channel="Direct", **direct)
    visit(bank, "v", 2, device_category="mobile", channel="Paid Search", **google)
    visit(bank, "v", 3, device_category="desktop", start=1_700_000_010, channel="Direct", **direct)
    visit(bank, "v", 4, start=1_700_000_010, **google)
    visit(bank, "w", 5, start=1_700_000_010, channel="Paid Search")
    visit(bank, "w", 6)
    visit(bank, "w", 7)
    (row,) = bank.dimension("marketing").values()
    assert pick(row, "preferred_device", "preferred_channel") == ("mobile", "Direct")
    origin = ("preferred_source", "preferred_medium", "preferred_campaign")
    assert pick(row, *origin) == ("(direct)", "(none)", None)


def test_of_equally_frequent_devices_the_most_recent_is_preferred(bank: Bank) -> None:
    clients(bank, 1)
    mapped(bank, "v", 1)
    visit(bank, "v", 1, device_category="desktop")
    visit(bank, "v", 2, device_category="tablet")
    (row,) = bank.dimension("marketing").values()
    assert pick(row, "preferred_device") == ("tablet",)


def test_top_pages_by_views_then_recency_then_alphabet(bank: Bank) -> None:
    clients(bank, 1, 2)
    mapped(bank, "v", 1, 2)
    visit(bank, "v", 1)
    visit(bank, "v", 2)
    for number, path in enumerate(["/most", "/most", "/early", "/b", "/a"], start=1):
        later = {"visit_id": 2, "visit_start_time": 1_700_000_002} if len(path) == 2 else {}
        page(bank, "v", path, number, **later)
    for number in (6, 7, 8):
        page(bank, "v", "/event", number, type="EVENT")
    page(bank, "v", None, 9)
    found = bank.dimension("marketing")
    for client in (1, 2):
        assert pick(found[client], "top_page_1", "top_page_2", "top_page_3") == (
            "/most",
            "/a",
            "/b",
        )


def test_transaction_events_are_completed_purchases_of_any_hit_type(bank: Bank) -> None:
    clients(bank, 1)
    mapped(bank, "v", 1)
    mapped(bank, "w", 1)
    visit(bank, "v")
    visit(bank, "w")
    page(bank, "v", "/done", 1, action_type="6")
    page(bank, "v", None, 2, action_type="6", type="EVENT")
    page(bank, "v", "/cart", 3, action_type="3", type="EVENT")
    page(bank, "w", "/done", 1, action_type="6", type="EVENT")
    (row,) = bank.dimension("marketing").values()
    assert pick(row, "transaction_events", "top_page_1", "top_page_2") == (3, "/done", None)


def test_hits_that_did_not_arrive_show_in_the_reconciliation(bank: Bank) -> None:
    clients(bank, 1)
    mapped(bank, "v", 1)
    visit(bank, "v", hits=3)
    page(bank, "v", "/home", 1)
    bank.dimension("marketing")
    assert bank.control("marketing", 2) == (Decimal(3), 1)
