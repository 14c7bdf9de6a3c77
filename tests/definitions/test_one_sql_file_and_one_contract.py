"""A dimension more: the files of its page, and no other edit."""

from __future__ import annotations

from pathlib import Path

from resources.dialect.lint import lint
from tests.definitions.conftest import passed_in, printed_in
from tests.definitions.examples import JUDGE, add_examples

LOOK = """
import json, sys
from pathlib import Path
import customer360_assets
assert Path(customer360_assets.__file__).is_relative_to(Path.cwd()), customer360_assets.__file__
from customer360_assets.definitions import defs
from tests.dimensions.small_bank import SmallBank
found = defs()
specs = {".".join(s.key.path): s for s in found.resolve_all_asset_specs()}
profile = specs["profile.customer_360"]
bank = SmallBank()
bank.client(1, 2, 3)
bank.account(10, 99, 1, 2, created="2014-05-24")
bank.account(11, 1, created="2024-02-29")
bank.account(12, 2, created="2024-05-24")
bank.disposition(3, 10, "user")
model = judged("dimension.tenure", business_date="2024-05-23")
by_model = bank.db.execute(model + " ORDER BY client_id").fetch_arrow_table().to_pylist()
by_query = bank.dimension("tenure").values()
print(json.dumps({
    "assets": sorted(specs),
    "deps": sorted(".".join(d.asset_key.path) for d in profile.deps),
    "columns": [c.name for c in profile.metadata["dagster/column_schema"].columns],
    "reads": sorted(".".join(d.asset_key.path) for d in specs["dimension.tenure"].deps),
    "rows": texts(by_query),
    "judged": texts(by_model),
}))
"""


def test_a_dimension_more(tested_tree: Path) -> None:
    assert add_examples(tested_tree, "new_dimension.md", "tenure") == [
        "benchmarks/dbt/models/dimension/dimension_tenure.sql",
        "customer360_assets/contracts/dimension/tenure.py",
        "sql/dimensions/tenure.sql",
        "tests/dimensions/test_tenure.py",
    ]
    found = printed_in(tested_tree, JUDGE + LOOK)
    assert "dimension.tenure" in found["assets"]
    assert found["reads"] == ["stage.account", "stage.customer", "stage.disposition"]
    assert "dimension.tenure" in found["deps"]
    assert {"tenure_accounts", "tenure_since", "tenure_years"} < set(found["columns"])
    assert [(row["tenure_accounts"], row["tenure_years"]) for row in found["rows"]] == [
        ("2", "9"),
        ("0", "None"),
        ("0", "None"),
    ]
    assert found["judged"] == found["rows"]
    assert lint((tested_tree / "sql/dimensions/tenure.sql").read_text("utf-8")) == []
    assert passed_in(tested_tree, "tests/dimensions/test_tenure.py") == 2
