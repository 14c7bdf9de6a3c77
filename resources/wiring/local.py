"""The resources of a local deployment: embedded engines, folders and SQLite files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    from resources.deployment.deployment import Deployment

SPARK_REMOTE = "CUSTOMER360_SPARK_REMOTE"
"""Address of a Spark Connect server for the Spark scripts; DuckDB runs them if it is not set."""


class LakeResource(dg.ConfigurableResource[Any]):
    """Iceberg tables in a folder, their catalog in SQLite."""

    catalog_uri: str
    warehouse_dir: str

    def create_resource(self, _context: dg.InitResourceContext) -> Any:
        """Return the lake."""
        from resources.deployment.whereabouts import is_home, record_place
        from resources.files.private import make_private
        from resources.iceberg.local_lake import LocalLake

        home = Path(self.warehouse_dir).parent
        if not is_home(home):
            # A home that begins with a run of Dagster's, not with a command.
            make_private(home)
            record_place(home)
        return LocalLake(self.catalog_uri, Path(self.warehouse_dir))


class DuckDbResource(dg.ConfigurableResource[Any]):
    """DuckDB in this process for the `.sql` files; what exceeds its memory goes to its folder."""

    temp_directory: str
    memory_limit: str | None = None
    threads: int | None = None

    def create_resource(self, _context: dg.InitResourceContext) -> Any:
        """Return the engine."""
        from resources.embedded.duckdb_engine import DuckDbEngine
        from resources.files.opening import default_memory

        return DuckDbEngine(
            temp_directory=Path(self.temp_directory),
            memory_limit=self.memory_limit or default_memory(),
            threads=self.threads,
        )


class DuckDbSparkResource(dg.ConfigurableResource[Any]):
    """DuckDB in this process for the Spark scripts: no server, no socket, no JVM."""

    temp_directory: str
    memory_limit: str | None = None

    def create_resource(self, _context: dg.InitResourceContext) -> Any:
        """Return the engine."""
        from resources.embedded.duckdb_spark_engine import DuckDbSparkEngine
        from resources.files.opening import default_memory

        return DuckDbSparkEngine(
            memory_limit=self.memory_limit or default_memory(),
            temp_directory=Path(self.temp_directory),
        )


class SparkConnectResource(dg.ConfigurableResource[Any]):
    """A Spark Connect server of the bank's own for the Spark scripts; see docs/operations.md.

    Its address is read where it is used: it may hold a token, which the UI would show.
    """

    def create_resource(self, _context: dg.InitResourceContext) -> Any:
        """Return the engine."""
        from resources.embedded.spark_connect_engine import SparkConnectEngine

        return SparkConnectEngine(os.environ[SPARK_REMOTE])


class StoreResource(dg.ConfigurableResource[Any]):
    """Profiles by client and branch, in one SQLite file."""

    path: str

    def create_resource(self, _context: dg.InitResourceContext) -> Any:
        """Return the store."""
        from resources.embedded.sqlite_profile_store import SqliteProfileStore

        return SqliteProfileStore(Path(self.path))


class LandingResource(dg.ConfigurableResource[Any]):
    """The folder that deliveries arrive in."""

    directory: str | None = None

    def create_resource(self, _context: dg.InitResourceContext) -> Any:
        """Return the landing zone; an empty one if no folder is configured."""
        from resources.files.folder_landing import LocalLanding

        return LocalLanding(Path(self.directory or os.devnull))


class ArchiveResource(dg.ConfigurableResource[Any]):
    """Delivered bytes by SHA-256."""

    directory: str

    def create_resource(self, _context: dg.InitResourceContext) -> Any:
        """Return the archive."""
        from resources.files.folder_archive import LocalArchive

        return LocalArchive(Path(self.directory))


class LedgerResource(dg.ConfigurableResource[Any]):
    """Receipts, results and file states of deliveries, in one SQLite file."""

    path: str

    def create_resource(self, _context: dg.InitResourceContext) -> Any:
        """Return the ledger."""
        from resources.embedded.sqlite_ledger import SqliteLedger

        return SqliteLedger(Path(self.path))


def _spark(deployment: Deployment) -> dg.ConfigurableResource[Any]:
    if os.environ.get(SPARK_REMOTE):
        return SparkConnectResource()
    return DuckDbSparkResource(temp_directory=str(deployment.scratch_dir))


def local_resources(deployment: Deployment) -> dict[str, dg.ConfigurableResource[Any]]:
    """Return the resources of assets, for a home."""
    return {
        "lake": LakeResource(
            catalog_uri=deployment.catalog_uri, warehouse_dir=str(deployment.lake_dir)
        ),
        "sql": DuckDbResource(temp_directory=str(deployment.scratch_dir)),
        "spark": _spark(deployment),
        "store": StoreResource(path=str(deployment.store_path)),
        "landing": LandingResource(
            directory=str(deployment.landing) if deployment.landing else None
        ),
        "archive": ArchiveResource(directory=str(deployment.archive_dir)),
        "ledger": LedgerResource(path=str(deployment.ledger_path)),
    }
