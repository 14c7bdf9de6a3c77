"""Extraction: what source systems hold, written into the landing zone as deliveries."""

from customer360_assets.extraction.customers import extract_customers
from customer360_assets.extraction.extracted import Extracted, ExtractionError, Total
from customer360_assets.extraction.settings import (
    CoreBankingSettings,
    CrmSettings,
    TransactionTable,
    core_banking_settings,
    crm_settings,
)
from customer360_assets.extraction.transactions import extract_transactions

__all__ = [
    "CoreBankingSettings",
    "CrmSettings",
    "Extracted",
    "ExtractionError",
    "Total",
    "TransactionTable",
    "core_banking_settings",
    "crm_settings",
    "extract_customers",
    "extract_transactions",
]
