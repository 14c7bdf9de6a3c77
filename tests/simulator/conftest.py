"""A small bank in which every kind of defect is planted, made once."""

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import duckdb
import pytest

from simulator.settings import DefectShares
from simulator.simulate import Simulated, simulate

MANY = DefectShares(**{f.name: 0.01 for f in fields(DefectShares)})
SIZE: dict[str, Any] = {"customers": 600, "days": 80, "transactions_per_customer": 30}

Rows = list[tuple[Any, ...]]
Query = Callable[[str], Rows]


@pytest.fixture(scope="session")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    return simulate(tmp_path_factory.mktemp("bank"), **SIZE, defects=MANY)


@pytest.fixture(scope="session")
def query(bank: Simulated) -> Query:
    """Rows of a query over ledger, customer and the tables of the truth."""
    connection = duckdb.connect()
    connection.execute(f"CREATE VIEW ledger AS SELECT * FROM '{bank.transactions_files}/*.parquet'")
    connection.execute(f"CREATE VIEW customer AS SELECT * FROM '{bank.customers_file}'")
    for path in sorted((bank.out / "truth").iterdir()):
        connection.execute(f"CREATE VIEW {path.stem} AS SELECT * FROM '{path}'")
    return lambda text: connection.execute(text).fetchall()


def tree(folder: Path) -> dict[str, bytes]:
    """Every file under a folder, by its path in it."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
