"""`customer360 extract`, as a user runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.core_banking import CoreBanking
from simulator.crm_app import crm_app
from simulator.simulate import Simulated
from tests.extraction.conftest import contents
from tests.run.conftest import customer360

DATE = ("--business-date", "2024-06-30")


def test_both_sources(
    bank: Simulated, core: CoreBanking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with crm_app(bank.customers_file) as app:
        monkeypatch.setenv("CUSTOMER360_CRM_TOKEN", f"{app.token}\n")
        ran = customer360(
            "extract", "--landing", tmp_path, *DATE, "--crm-url", app.url,
            "--source-db", core.url, "--look-back", "3",
        )  # fmt: skip
    assert ran.code == 0, ran.output
    assert app.token not in ran.output
    for expected in ("crm_customer", "450", f"{bank.transactions:,}", "credit", "debit"):
        assert expected in ran.output
    amount = core.server.query("SELECT sum(amount) FROM transactions WHERE type = 'credit'")
    assert f"{float(amount):,.2f}" in ran.output
    assert list(contents(tmp_path)) == [
        "crm/crm0020240630-000000.json",
        *(f"transactions/transactions_202406{day}.parquet" for day in range(27, 31)),
        "transactions/transactions_until_20240626.parquet",
    ]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "give --crm-url, --source-db or both"),
        (["--crm-url", "http://localhost:1"], "set the environment variable CUSTOMER360_CRM_TOKEN"),
        (["--source-db", "postgresql://me:s3cret@host/db"], "holds a password"),
        (["--source-db", "postgresql://me@127.0.0.1:1/db"], "no server answers there"),
    ],
)
def test_one_clear_message(tmp_path: Path, arguments: list[str], expected: str) -> None:
    ran = customer360("extract", "--landing", tmp_path, *DATE, *arguments)
    assert ran.code == 1
    assert expected in ran.output
    assert "Traceback" not in ran.output
    assert "s3cret" not in ran.output
    assert contents(tmp_path) == {}
