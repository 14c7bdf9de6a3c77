"""The SQL on the workshop's real deliveries, against figures counted from the files themselves."""

from __future__ import annotations

from decimal import Decimal

import pytest

from customer360_assets.contracts import contract
from tests.sql.sql_bank import Bank, D
from tests.sql.workshop_files import FIRST_VISITS


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        ("customer", 500),
        ("account", 1_999),
        ("card", 15_127),
        ("disposition", 200),
        ("web_visitor_map", 201),
        ("web_session", 50),
        ("web_hit", 215),
    ],
)
def test_every_delivered_record_is_staged_and_none_breaks_its_contract(
    workshop: Bank, table: str, rows: int
) -> None:
    assert workshop.scalar(f"SELECT count(*) AS n FROM stage.{table}") == rows
    assert workshop.broken(table, FIRST_VISITS, D) == []


def test_hits_delivered_are_hits_staged(workshop: Bank) -> None:
    delivered = contract("stage.web_hit").conserves
    assert delivered is not None
    assert workshop.scalar(delivered, FIRST_VISITS, D) == 215
    totals = workshop.scalar("SELECT sum(hits) AS n FROM stage.web_session")
    assert totals == 215


def test_product_holding_of_the_workshop(workshop: Bank) -> None:
    found = workshop.dimension("product_holding")
    assert len(found) == 500
    assert sum(row["product_accounts"] > 0 for row in found.values()) == 164
    assert sum(row["product_cards"] > 0 for row in found.values()) == 57
    assert found[5233]["product_accounts"] == 2
    assert found[5233]["product_cards"] == 628
    assert sum(row["product_cards"] for row in found.values()) == 15_127
    assert sum(row["product_accounts"] for row in found.values()) == 199


def test_marketing_of_the_workshop(workshop: Bank) -> None:
    found = workshop.dimension("marketing")
    assert len(found) == 500
    assert sum(row["web_sessions_weighted"] for row in found.values()) == Decimal(40)
    assert sum(row["web_hits_weighted"] for row in found.values()) == Decimal(161)
    assert workshop.control("marketing", 2) == (Decimal(161), 161)
    assert sum(row["web_link_confidence"] is not None for row in found.values()) == 188
    assert sum(row["web_visitors"] for row in found.values()) == 201
    for row in found.values():
        if row["web_link_confidence"] == "exact":
            assert row["web_sessions_weighted"] == row["web_sessions"]


def test_before_the_first_delivery_nobody_is_known(workshop: Bank) -> None:
    assert workshop.dimension("product_holding", FIRST_VISITS) == {}
    assert workshop.dimension("marketing", FIRST_VISITS) == {}
