"""Sessions whose nested values come in other shapes: read where known, else named; none vanishes.

Each case is checked against what the contract counts as delivered, by which the platform decides
whether to publish at all.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from customer360_assets.contracts import contract
from tests.sql.sql_bank import SQL, Bank, D
from tests.sql.test_web_stage import hit, session

TWO = [hit(1, "/a"), hit(2, "/b")]
WRAPPED = {"list": [{"element": h} for h in TWO]}

READ = {
    "a list": json.dumps(TWO),
    "with blanks around": f" \n{json.dumps(TWO)}\t",
    "in a JSON string": json.dumps(json.dumps(TWO)),
    "list of elements": json.dumps(WRAPPED),
    "list of hits": json.dumps({"list": TWO}),
    "list of elements in a JSON string": json.dumps(json.dumps(WRAPPED)),
    "array": json.dumps({"array": TWO}),
    "array beside an empty list": json.dumps({"list": None, "array": TWO}),
}
UNREAD = {
    "plain text": "not available in demo dataset",
    "a Python literal": str(TWO),
    "cut off": json.dumps(TWO)[:-1],
    "with more behind": f"{json.dumps(TWO)} x",
    "closed twice": f"{json.dumps(TWO)}] x",
    "two lists": f"{json.dumps(TWO)},{json.dumps(TWO)}",
    "two objects": f"{json.dumps(WRAPPED)},{json.dumps(TWO[0])}",
    "a number": "2",
    "a text in a JSON string": json.dumps("none"),
    "a JSON string of blanks before": " " + json.dumps("none"),
    "a list that is none": json.dumps({"list": {"element": TWO[0]}}),
    "a missing list": json.dumps({"list": None}),
    "not trimmed as JSON is": f"\u2003{json.dumps(TWO)}",
}
NONE = [None, "", " ", "null", " null\n", "[]", "{}", "{\n}", '""', json.dumps({"list": []})]


def delivered(bank: Bank) -> Any:
    conserves = contract("stage.web_hit").conserves
    assert conserves is not None
    return bank.scalar(conserves, D, D)


@pytest.mark.parametrize("hits", READ.values(), ids=READ)
def test_known_shapes_are_read(bank: Bank, hits: str) -> None:
    bank.add("raw.ga_session", session(hits))
    found = [(r["hit_number"], r["type"], r["page_path"]) for r in bank.stage("web_hit")]
    assert sorted(found) == [(1, "PAGE", "/a"), (2, "PAGE", "/b")]
    assert bank.broken("web_hit") == []
    assert delivered(bank) == 2


def test_one_hit_by_itself_is_read(bank: Bank) -> None:
    bank.add("raw.ga_session", session(json.dumps(TWO[0])))
    assert [(r["hit_number"], r["page_path"]) for r in bank.stage("web_hit")] == [(1, "/a")]
    assert bank.broken("web_hit") == []
    assert delivered(bank) == 1


@pytest.mark.parametrize("hits", UNREAD.values(), ids=UNREAD)
def test_hits_that_are_no_hits_are_refused_by_name(bank: Bank, hits: str) -> None:
    """The session itself, and the hits of others, are not touched."""
    bank.add("raw.ga_session", session(hits), session(TWO, visit_id=2))
    assert bank.broken("web_hit") == ["hits:shape"]
    assert len(bank.stage("web_hit")) == 3
    assert delivered(bank) == 3
    assert bank.broken("web_session") == []


@pytest.mark.parametrize("hits", NONE, ids=repr)
def test_nothing_is_no_hit(bank: Bank, hits: str | None) -> None:
    bank.add("raw.ga_session", session(hits))
    assert bank.stage("web_hit") == []
    assert delivered(bank) == 0


def test_places_of_a_list_without_a_hit_are_refused(bank: Bank) -> None:
    bank.add("raw.ga_session", session(json.dumps([None, {}, TWO[0], "x", 1])))
    found = sorted((r["hit_number"], r["type"]) for r in bank.stage("web_hit"))
    assert [number for number, kind in found if kind is not None] == [3]
    assert bank.broken("web_hit") == ["type:not_null"] * 4
    assert delivered(bank) == 5


def test_an_unreadable_session_that_comes_again_is_a_repeat(bank: Bank) -> None:
    bank.add("raw.ga_session", session("no hits"))
    bank.add("raw.ga_session", session(TWO), delivery_seq=2, delivery_id="d2")
    ranks = sorted((r["delivery_rank"], r["form_rule"]) for r in bank.stage("web_hit"))
    assert ranks == [(1, None), (1, None), (2, "hits:shape")]
    assert delivered(bank) == 3


@pytest.mark.parametrize(
    ("correct", "broken"),
    [
        ("'$.list') AS array(json)", "'$.elements') AS array(json)"),
        ("'$.array') AS array(json)", "'$.elements') AS array(json)"),
        ("WHEN hits IS NULL THEN try(CAST(json_parse('[null]') AS array(json)))\n", ""),
        (r"*\[') THEN", r"*\[{') THEN"),
    ],
)
def test_a_transformation_that_drops_a_shape_does_not_conserve(
    bank: Bank, correct: str, broken: str
) -> None:
    """What is delivered is counted by another way than what is read."""
    shapes = [*READ.values(), *UNREAD.values(), json.dumps(TWO[0]), json.dumps([None, *TWO])]
    bank.add("raw.ga_session", *(session(h, visit_id=i) for i, h in enumerate(shapes)))
    text = (Path(SQL) / "stage" / "web_hit.sql").read_text()
    assert len(bank.rows(text, D, D)) == delivered(bank)
    assert correct in text
    assert len(bank.rows(text.replace(correct, broken), D, D)) != delivered(bank)


@pytest.mark.parametrize("column", ["totals", "traffic_source", "device", "geo_network"])
@pytest.mark.parametrize(
    "given",
    ["no JSON", "{'hits': 1}", '[{"hits": 1}]', '{"hits": 1', '{"a": 1} x', "7", '{},{"a": 1}'],
)
def test_nested_values_of_another_shape_are_refused_by_name(
    bank: Bank, column: str, given: str
) -> None:
    bank.add("raw.ga_session", session(TWO, **{column: given}), session(visit_id=2))
    assert bank.broken("web_session") == [f"{column}:shape"]
    assert len(bank.stage("web_session")) == 2
    assert bank.broken("web_hit") == []


@pytest.mark.parametrize("column", ["totals", "traffic_source", "device", "geo_network"])
@pytest.mark.parametrize("given", [None, "", " ", "null", "{}", " {} "])
def test_nested_values_that_are_not_given_are_unknown(
    bank: Bank, column: str, given: str | None
) -> None:
    bank.add("raw.ga_session", session(TWO, **{column: given}))
    assert bank.broken("web_session") == []


TOTALS = (
    "visits", "hits", "pageviews", "timeOnSite", "bounces", "newVisits", "transactions",
    "transactionRevenue",
)  # fmt: skip


@pytest.mark.parametrize("name", TOTALS)
@pytest.mark.parametrize("value", ["abc", "1,5", 10**19, True, "0x1"])
def test_a_total_that_is_no_number_is_refused_by_name(bank: Bank, name: str, value: Any) -> None:
    bank.add("raw.ga_session", session(totals={name: value}))
    assert bank.broken("web_session") == [f"totals.{name}:type"]


@pytest.mark.parametrize("value", [[1], {"value": 1}])
def test_a_nested_total_is_refused(bank: Bank, value: Any) -> None:
    bank.add("raw.ga_session", session(totals={"hits": value}))
    assert bank.broken("web_session") == ["totals:shape"]


@pytest.mark.parametrize("value", [None, "", " ", "1", " 1 ", 1])
def test_a_total_that_is_a_number_or_missing_is_good(bank: Bank, value: Any) -> None:
    bank.add("raw.ga_session", session(totals=dict.fromkeys(TOTALS, value)))
    assert bank.broken("web_session") == []


@pytest.mark.parametrize("name", ["hitNumber", "time"])
def test_a_number_of_a_hit_that_is_none_is_refused_by_name(bank: Bank, name: str) -> None:
    bank.add("raw.ga_session", session([TWO[0] | {name: "soon"}, TWO[1] | {name: ""}]))
    assert bank.broken("web_hit") == [f"hits.{name}:type"]
