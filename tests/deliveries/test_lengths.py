"""A field or record that is too long for its contract goes to quarantine, and the rest goes on."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from customer360_assets.contracts import contract
from tests.deliveries.raw_home import Home
from tests.deliveries.test_record_defects import CARD, GOOD, transactions

FIELD = 64 * 1024
RECORD = 1024 * 1024


def test_an_optional_text_that_is_too_long_is_set_aside(home: Home) -> None:
    kept, long = "ж" * (FIELD // 2), "ж" * (FIELD // 2) + "x"
    lines = [f"{i},1,2024-01-01,credit,{text},1.00,1.00" for i, text in ((2, kept), (3, long))]
    assert transactions(home, *lines) == {2: "operation:length"}
    rows = home.rows(home.settle("transaction"), "trans_id, operation")
    assert rows == [(1, None), (2, kept), (3, None)]
    aside = home.quarantined(home.settle("transaction"), "line_no, set_aside")
    assert aside == [(3, "value")]


def test_a_required_text_that_is_too_long_costs_its_record(home: Home) -> None:
    line = "5555555555554441,8,{},2024-01-02T03:04:05.123456"
    home.deliver(CARD, f"{GOOD}\n{line.format('g' * (FIELD + 1))}\n{line.format('g' * FIELD)}\n")
    deliveries = home.run("card")
    assert [r[0] for r in home.rows(deliveries, "line_no")] == [1, 3]
    assert home.quarantined(deliveries, "line_no, rule, set_aside") == [
        (2, "type:length", "record")
    ]


def test_a_record_that_is_too_long_costs_itself_alone(home: Home) -> None:
    fits = "2,1,2024-01-01,credit,,1.00," + "0" * (RECORD - 30)
    lines = (f"{fits}1.", f"{fits}1.0", "4,1,2024-01-01,credit,,1.00,1.00", "5" * 3 * RECORD)
    assert len(lines[0]) == RECORD
    rules = transactions(home, *lines)
    assert (rules[2], rules[4]) == ("record:length", "record:length")
    assert [r[0] for r in home.rows(home.settle("transaction"), "line_no")][::2] == [1, 4]


@pytest.mark.parametrize("hits", [FIELD * 2, RECORD * 2])
def test_a_session_has_room_for_all_its_hits(home: Home, hits: int) -> None:
    session = {"fullVisitorId": "1", "visitId": 1, "visitStartTime": 2, "hits": "h" * hits}
    home.deliver("ga/ga_sessions_20240523.json", json.dumps(session) + "\n")
    deliveries = home.run("ga_session")
    assert home.rows(deliveries, "length(hits)") == [(hits,)]


def test_another_limit_is_another_parsing() -> None:
    card = contract("raw.card")
    assert replace(card, longest_record=2 * RECORD).fingerprint != card.fingerprint
