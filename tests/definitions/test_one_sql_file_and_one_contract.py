"""A dimension more: one SQL file, one contract, and no other edit."""

from __future__ import annotations

from pathlib import Path

from tests.definitions.conftest import printed_in

SQL = """WITH as_of AS (SELECT CAST(? AS date) AS business_date)

SELECT
    as_of.business_date,
    customer.client_id,
    count(*) AS shoe_pairs
FROM as_of
INNER JOIN stage.customer AS customer ON as_of.business_date >= customer.business_date
GROUP BY as_of.business_date, customer.client_id
"""
CONTRACT = '''"""Shoes."""

from customer360_assets.contracts.columns import BigInt, Date, column
from customer360_assets.contracts.contract import Contract, Table


class Shoes(Table):
    """One row per client."""

    business_date: Date = column("As-of date.")
    client_id: BigInt = column("The client.", pii="pseudonym")
    shoe_pairs: BigInt = column("Pairs.", ge=0)


CONTRACT = Contract(
    Shoes, table="dimension.shoes", key=("business_date", "client_id"), prefix="shoe_"
)
'''
LOOK = """
import json, sys
from pathlib import Path
import customer360_assets
assert Path(customer360_assets.__file__).is_relative_to(Path.cwd()), customer360_assets.__file__
from customer360_assets.definitions import defs
from customer360_assets.contracts import contract
found = defs()
specs = {".".join(s.key.path): s for s in found.resolve_all_asset_specs()}
profile = specs["profile.customer_360"]
print(json.dumps({
    "assets": sorted(specs),
    "deps": sorted(".".join(d.asset_key.path) for d in profile.deps),
    "columns": [c.name for c in profile.metadata["dagster/column_schema"].columns],
    "reads": sorted(".".join(d.asset_key.path) for d in specs["dimension.shoes"].deps),
}))
"""


def test_a_dimension_more(source_tree: Path) -> None:
    (source_tree / "sql/dimensions/shoes.sql").write_text(SQL, "utf-8")
    contracts = source_tree / "customer360_assets/contracts/dimension"
    (contracts / "shoes.py").write_text(CONTRACT, "utf-8")
    found = printed_in(source_tree, LOOK)
    assert "dimension.shoes" in found["assets"]
    assert found["reads"] == ["stage.customer"]
    assert "dimension.shoes" in found["deps"]
    assert "shoe_pairs" in found["columns"]
