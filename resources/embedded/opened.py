"""The embedded lake and SQL engine of a deployment, with or without Dagster."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from customer360_assets.deployment import Deployment
    from resources.embedded.duckdb_engine import DuckDbEngine
    from resources.iceberg.local_lake import LocalLake


def default_memory() -> str:
    """Return what DuckDB may use: by itself it takes 15 GB for 50 M transactions, and need not."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{min(5_000_000_000, machine * 6 // 10)}B"


def open_lake(deployment: Deployment) -> LocalLake:
    """Return the lake of a home."""
    from resources.iceberg.local_lake import LocalLake

    return LocalLake(deployment.catalog_uri, deployment.lake_dir)


def open_engine(deployment: Deployment) -> DuckDbEngine:
    """Return the engine of a home."""
    from resources.embedded.duckdb_engine import DuckDbEngine

    return DuckDbEngine(temp_directory=deployment.scratch_dir, memory_limit=default_memory())
