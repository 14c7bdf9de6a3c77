"""Every column from stage on says which columns it comes from."""

from __future__ import annotations

import pytest

from customer360_assets.contracts import contract, contracts
from customer360_assets.tables.lineage import column_sources, lineage_metadata

TABLES = [c.table for layer in ("stage", "dimension", "profile") for c in contracts(layer)]
AS_OF = "the business date that the run was asked for"


def without_source(table: str) -> dict[str, str]:
    """Return the columns that come from no column, each with the reason."""
    return {"business_date": AS_OF} if not table.startswith("stage.") else {}


@pytest.mark.parametrize("table", TABLES)
def test_no_column_is_an_orphan(table: str) -> None:
    found = lineage_metadata(table)["dagster/column_lineage"].deps_by_column
    assert set(found) == {c.name for c in contract(table).columns}
    orphans = {column for column, sources in found.items() if not sources}
    assert orphans <= set(without_source(table))


@pytest.mark.parametrize("table", TABLES)
def test_every_named_source_is_a_column_of_its_contract(table: str) -> None:
    for column, sources in lineage_metadata(table)["dagster/column_lineage"].deps_by_column.items():
        for source in sources:
            upstream = contract(".".join(source.asset_key.path))
            names = {c.name for c in upstream.columns}
            assert source.column_name in names, f"{table}.{column}"


def test_a_business_date_of_an_as_of_table_is_the_parameter() -> None:
    assert column_sources("dimension.product_holding")["business_date"] == [("?", "business_date")]


def test_a_profile_column_leads_back_to_raw() -> None:
    """product_cards → stage.card → raw.card, and the clear number is nowhere on the way."""
    seen, todo = set(), [("profile.customer_360", "product_cards")]
    while todo:
        table, column = todo.pop()
        if table == "?" or (table, column) in seen:
            continue
        seen.add((table, column))
        if not table.startswith("raw."):
            todo += column_sources(table)[column]
    assert ("raw.card", "card_token") in seen
    assert not [s for s in seen if s[1] == "card_id"]
