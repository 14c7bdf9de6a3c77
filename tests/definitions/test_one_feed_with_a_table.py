"""A feed more, with a table of its own: four files, and no other edit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.definitions.conftest import printed_in

FEED = """feed: loan
system: loan desk
folder: loan
pattern: "loan*.csv"
format: delimited
header: true
business_date: {from: file_name, pattern: "loan%Y%m%d.csv"}
delivery: delta
"""
RAW = '''"""raw.loan: loans as delivered."""

from customer360_assets.contracts.columns import BigInt, Money, column
from customer360_assets.contracts.contract import Contract
from customer360_assets.contracts.raw._technical import Delivered


class Loan(Delivered):
    """One row per delivered loan."""

    loan_id: BigInt = column("Number of the loan.", pii="pseudonym")
    amount: Money = column("Amount granted.", pii="quasi")


CONTRACT = Contract(
    Loan,
    table="raw.loan",
    key=("business_date", "delivery_id", "line_no"),
    reads="delta",
    feed="loan",
)
'''
STAGE = '''"""Loans granted."""

from customer360_assets.contracts.columns import BigInt, Date, Money, Text, column
from customer360_assets.contracts.contract import Contract, Table


class Loan(Table):
    """One row per loan and business date."""

    business_date: Date = column("Business date of the delivery.")
    loan_id: BigInt = column("Number of the loan.", pii="pseudonym", ge=1)
    amount: Money = column("Amount granted.", pii="quasi", ge=0)
    delivery_id: Text = column("The delivery it came in; raw.delivery names its file.")
    line_no: BigInt = column("Line of the record in the delivered file, from 1.", ge=1)


CONTRACT = Contract(
    Loan, table="stage.loan", key=("business_date", "loan_id"), reads="delta", feed="loan"
)
'''
SQL = """SELECT
    business_date,
    loan_id,
    amount,
    delivery_id,
    line_no,
    row_number() OVER (
        PARTITION BY business_date, loan_id
        ORDER BY delivery_seq DESC, line_no DESC
    ) AS delivery_rank
FROM raw.loan
WHERE business_date BETWEEN CAST(? AS date) AND CAST(? AS date)
"""
LOOK = """
import datetime as dt, json, sys
from pathlib import Path
import customer360_assets
assert Path(customer360_assets.__file__).is_relative_to(Path.cwd()), customer360_assets.__file__
from customer360_assets.contracts import contract, contracts
from customer360_assets.definitions import defs
from customer360_assets.feeds import load_feeds
from customer360_assets.deliveries.feed_deliveries import read_deliveries, settle
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
deliveries = settle(read_deliveries(ParsingJob(spec, archive, ledger, lake, threads=1)))
files = {"raw.loan": [str(f) for f in deliveries.partition_files(day, day)[day]]}
sql = transformation("stage.loan").text
staged = DuckDbEngine(temp_directory=Path("spill"), threads=1).query(sql, [day, day], files)
specs = {".".join(s.key.path): s for s in defs().resolve_all_asset_specs()}
print(json.dumps({
    "reads": {
        table: sorted(".".join(d.asset_key.path) for d in specs[table].deps)
        for table in ("raw.loan", "stage.loan")
    },
    "sensors": [s.name for s in defs().sensors],
    "quarantines": [c.table for c in contracts("quarantine")],
    "quarantined": sum(row["quarantined"] for row in deliveries.manifest()),
    "staged": [[r["loan_id"], str(r["amount"]), r["delivery_rank"]] for r in staged.to_pylist()],
}))
"""


@pytest.fixture
def found(source_tree: Path) -> dict[str, Any]:
    """Return what the code location and the raw layer make of the files and a delivery."""
    package = source_tree / "customer360_assets"
    for file, text in {
        package / "feeds/sets/workshop/loan.yaml": FEED,
        package / "contracts/raw/loan.py": RAW,
        package / "contracts/stage/loan.py": STAGE,
        source_tree / "sql/stage/loan.sql": SQL,
        source_tree / "landing/loan/loan20240523.csv": "loan_id,amount\n1,9.50\nx,1.00\n1,7.25\n",
    }.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return dict(printed_in(source_tree, LOOK))


def test_a_feed_more_with_a_table_of_its_own(found: dict[str, Any]) -> None:
    assert found["reads"] == {
        "raw.loan": ["raw.delivery", "source.loan"],
        "stage.loan": ["raw.loan"],
    }
    assert "new_files_loan" in found["sensors"]
    assert "quarantine.loan" in found["quarantines"]
    assert found["quarantined"] == 1
    assert sorted(found["staged"]) == [[1, "7.25", 1], [1, "9.50", 2]]
