"""A small bank with late rows, its CRM and its core banking."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from customer360_assets.extraction import CoreBankingSettings, CrmSettings
from simulator.core_banking import CoreBanking, core_banking
from simulator.crm_app import CrmApp
from simulator.settings import DefectShares
from simulator.simulate import Simulated, simulate

PAGE = 100


@pytest.fixture(scope="session")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    return simulate(
        tmp_path_factory.mktemp("bank"),
        customers=450,
        days=60,
        transactions_per_customer=20,
        defects=DefectShares(late_row=0.05),
    )


@pytest.fixture(scope="module")
def core(bank: Simulated, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CoreBanking]:
    """Core banking with all that was ever recorded; for tests that change nothing in it."""
    with core_banking(bank.transactions_files, tmp_path_factory.mktemp("core")) as running:
        yield running


def source(core: CoreBanking, **settings: object) -> CoreBankingSettings:
    return CoreBankingSettings.model_validate({"url": core.url, **settings})


def crm(app: CrmApp, **settings: object) -> CrmSettings:
    """Settings of little patience: the waits are the test's own."""
    given = {"url": app.url, "token": SecretStr(app.token), "page_size": PAGE, "timeout": 10}
    return CrmSettings.model_validate({**given, **settings})


def contents(folder: Path) -> dict[str, bytes]:
    """Every file under a folder, hidden ones included, by name."""
    found = sorted(p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): p.read_bytes() for p in found}
