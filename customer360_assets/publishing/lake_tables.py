"""Tables as the lake holds them: they exist with their contract's columns, and are never absent."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from customer360_assets.contracts import SCHEMAS, contracts
from customer360_assets.contracts import contract as contract_of
from customer360_assets.contracts.audit import iceberg_schema
from customer360_assets.contracts.contract import Contract
from customer360_assets.publishing.platform import Platform
from resources.protocols.lake_types import READS


def ensure(platform: Platform, contract: Contract) -> None:
    """Create or evolve the table to the contract's columns."""
    partitions: tuple[str, ...] = ("business_date",) if contract.partitioned else ()
    if contract.schema == "quarantine":
        partitions = ("business_date", "caught_by")
    platform.lake.ensure(
        contract.table,
        iceberg_schema(contract),
        partitions,
        contract.description,
        {READS: contract.reads},
    )


def ensure_all(platform: Platform) -> None:
    """Create every missing table, so that no reader finds one missing."""
    for schema in SCHEMAS:
        for contract in contracts(schema):
            ensure(platform, contract)


def candidate_dir(platform: Platform, contract: Contract, key: str) -> Path:
    """Return a new folder for a candidate of the table; create the table first.

    An engine that writes tables, not files, takes the columns from the table that is there.
    """
    ensure(platform, contract)
    return platform.lake.candidate_dir(contract.table, key)


def published(platform: Platform, table: str, files: Sequence[str]) -> Sequence[str]:
    """Return published files as a query reads them: with every column of the table."""
    return platform.lake.with_columns(table, files) if files else readable(platform, table, files)


def readable(platform: Platform, table: str, files: Sequence[str]) -> Sequence[str]:
    """Return the files; if there are none, a file without rows that has the columns."""
    if files:
        return files
    ensure(platform, contract_of(table))
    return [platform.lake.empty_file(table)]
