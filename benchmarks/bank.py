"""A simulated bank whose every source has delivered into one landing zone."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from customer360_assets.extraction.customers import extract_customers
from customer360_assets.extraction.settings import CrmSettings
from simulator.crm_app import crm_app
from simulator.settings import DefectShares
from simulator.simulate import Simulated, simulate, simulated

SEED = 7


@dataclass(frozen=True)
class Size:
    """How large a bank is."""

    customers: int
    days: int = 200
    transactions_per_customer: float = 50.0

    @property
    def name(self) -> str:
        """Return the size as a part of file names."""
        return f"{self.customers}x{self.days}x{self.transactions_per_customer:g}"


def delivered_bank(folder: Path, size: Size) -> Simulated:
    """Return the bank of a size without defects, created unless it exists.

    Core banking's own Parquet files are linked into the landing zone as they are: a PostgreSQL
    server between the two would cost every subject the same. Customers come over HTTP.
    """
    made = _made(folder, size)
    transactions = made.landing / "transactions"
    transactions.mkdir(exist_ok=True)
    for file in made.transactions_files.iterdir():
        target = transactions / file.name
        if not target.exists():
            os.link(file, target)
    end = made.settings.end
    if not any((made.landing / "crm").glob("*.json")):
        with crm_app(made.customers_file, as_of=end) as crm:
            settings = CrmSettings(url=crm.url, token=SecretStr(crm.token), page_size=10_000)
            extract_customers(settings, made.landing, end)
    return made


def _made(folder: Path, size: Size) -> Simulated:
    try:
        found = simulated(folder)
    except FileNotFoundError:
        found = None
    if found is not None:
        known = found.settings
        same = (known.customers, known.days, known.transactions_per_customer)
        if same == (size.customers, size.days, size.transactions_per_customer):
            return found
    return simulate(
        folder,
        customers=size.customers,
        days=size.days,
        seed=SEED,
        defects=DefectShares.none(),
        transactions_per_customer=size.transactions_per_customer,
    )
