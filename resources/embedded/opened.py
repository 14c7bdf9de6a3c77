"""The embedded lake and SQL engine of a deployment, with or without Dagster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resources.files.opening import default_memory

if TYPE_CHECKING:
    from resources.deployment.deployment import Deployment
    from resources.embedded.duckdb_engine import DuckDbEngine
    from resources.iceberg.local_lake import LocalLake


def open_lake(deployment: Deployment) -> LocalLake:
    """Return the lake of a home."""
    from resources.iceberg.local_lake import LocalLake

    return LocalLake(deployment.catalog_uri, deployment.lake_dir)


def open_engine(deployment: Deployment) -> DuckDbEngine:
    """Return the engine of a home."""
    from resources.embedded.duckdb_engine import DuckDbEngine

    return DuckDbEngine(temp_directory=deployment.scratch_dir, memory_limit=default_memory())
