"""A feed more, with a table of its own: the files of its page, and a record for the tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from resources.dialect.lint import lint
from tests.definitions.conftest import passed_in, printed_in
from tests.definitions.examples import JUDGE, add_examples

SOUND = """loan_id,account_id,granted_date,amount
1,11,2024-05-22,9.50
2,12,2024-05-23,1.00
1,11,2024-05-22,7.25
"""
BAD = "x,11,2024-05-22,1.00\n"
LOOK = """
import datetime as dt, duckdb, json, sys
from pathlib import Path
import customer360_assets
assert Path(customer360_assets.__file__).is_relative_to(Path.cwd()), customer360_assets.__file__
from customer360_assets.contracts import contract, contracts
from customer360_assets.definitions import defs
from customer360_assets.feeds import load_feeds
from customer360_assets.deliveries.feed_deliveries import parse_outstanding, read_deliveries
from customer360_assets.deliveries.intake.take_in import take_in
from customer360_assets.deliveries.parsing.job import ParsingJob
from customer360_assets.tables.transformations import transformation
from resources.files.folder_archive import LocalArchive
from resources.embedded.duckdb_engine import DuckDbEngine
from resources.embedded.sqlite_ledger import SqliteLedger
from resources.files.folder_landing import LocalLanding

day, spec = dt.date(2024, 5, 23), load_feeds("workshop")["loan"]
archive, lake = LocalArchive(Path("archive")), Path("lake")
ledger = SqliteLedger(Path("archive/ledger.db"))
take_in(LocalLanding(Path("landing")), archive, ledger, {"loan": spec}, day)
job = ParsingJob(spec, archive, ledger, lake, threads=1)
deliveries = parse_outstanding(read_deliveries(job))
assert not deliveries.failures
files = {"raw.loan": [str(f) for f in deliveries.partition_files(day, day)[day]]}
sql = transformation("stage.loan").text
staged = DuckDbEngine(temp_directory=Path("spill"), threads=1).query(sql, [day, day], files)
model = judged("stage.loan", landing="sound")
specs = {".".join(s.key.path): s for s in defs().resolve_all_asset_specs()}
print(json.dumps({
    "reads": {
        table: sorted(".".join(d.asset_key.path) for d in specs[table].deps)
        for table in ("raw.loan", "stage.loan")
    },
    "sensors": [s.name for s in defs().sensors],
    "quarantines": [c.table for c in contracts("quarantine")],
    "quarantined": sum(row["quarantined"] for row in deliveries.manifest()),
    "staged": texts(staged.to_pylist()),
    "judged": texts(duckdb.sql(model).fetch_arrow_table().to_pylist()),
}))
"""


@pytest.fixture
def tree(tested_tree: Path) -> Path:
    """Return a copy of the project with the files of the page and a delivery."""
    added = add_examples(tested_tree, "new_feed.md", "loan")
    assert added == [
        "benchmarks/dbt/models/stage/stage_loan.sql",
        "customer360_assets/contracts/raw/loan.py",
        "customer360_assets/contracts/stage/loan.py",
        "customer360_assets/feeds/sets/workshop/loan.yaml",
        "sql/stage/loan.sql",
        "tests/sql/test_stage_tables.py",
    ]
    for folder, text in {"landing": SOUND + BAD, "sound": SOUND}.items():
        (tested_tree / folder / "loan").mkdir(parents=True)
        (tested_tree / folder / "loan/loan20240523.csv").write_text(text, "utf-8")
    return tested_tree


def test_a_feed_more_with_a_table_of_its_own(tree: Path) -> None:
    found = printed_in(tree, JUDGE + LOOK)
    assert found["reads"] == {
        "raw.loan": ["raw.delivery", "source.loan"],
        "stage.loan": ["raw.loan"],
    }
    assert "new_files_loan" in found["sensors"]
    assert "quarantine.loan" in found["quarantines"]
    assert found["quarantined"] == 1
    ranks = [(row["loan_id"], row["amount"], row["delivery_rank"]) for row in found["staged"]]
    assert sorted(ranks) == [("1", "7.25", "1"), ("1", "9.50", "2"), ("2", "1.00", "1")]
    published = [row for row in found["staged"] if row.pop("delivery_rank") == "1"]
    assert sorted(found["judged"], key=str) == sorted(published, key=str)


def test_the_record_of_the_page_keeps_its_contract(tree: Path) -> None:
    assert lint((tree / "sql/stage/loan.sql").read_text("utf-8")) == []
    assert passed_in(tree, "tests/sql/test_stage_tables.py", "-k", "loan") == 4
