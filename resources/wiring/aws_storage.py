"""The resources of an environment that keep things: landing, archive, ledger, profile store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    from resources.deployment.deployment import Deployment


class S3LandingResource(dg.ConfigurableResource[Any]):
    """The S3 address that deliveries arrive under."""

    uri: str
    region: str

    def create_resource(self, _context: dg.InitResourceContext) -> Any:
        """Return the landing zone."""
        from resources.s3.landing import S3Landing

        return S3Landing(self.uri, self.region)


class S3ArchiveResource(dg.ConfigurableResource[Any]):
    """Delivered bytes by SHA-256 on S3; folders of this worker for copies.

    names: the environment as JSON.
    """

    directory: str
    lake_dir: str
    names: str

    def create_resource(self, _context: dg.InitResourceContext) -> Any:
        """Return the archive."""
        from resources.account.aws_names import AwsNames
        from resources.s3.archive import S3Archive

        names = AwsNames.model_validate_json(self.names)
        return S3Archive(Path(self.directory), Path(self.lake_dir), names)


class DynamoLedgerResource(dg.ConfigurableResource[Any]):
    """Receipts, results and file states of deliveries, in one DynamoDB table.

    archive: the S3 address by which an environment of an earlier release is known.
    """

    table: str
    region: str
    archive: str

    def create_resource(self, _context: dg.InitResourceContext) -> Any:
        """Return the ledger."""
        from resources.dynamodb.ledger import DynamoLedger

        return DynamoLedger(self.table, self.region, self.archive)


class DynamoStoreResource(dg.ConfigurableResource[Any]):
    """Profiles by client and branch, in one DynamoDB table.

    write_units: write capacity units a second that a load takes at most.
    """

    table: str
    region: str
    write_units: int = 4_000

    def create_resource(self, _context: dg.InitResourceContext) -> Any:
        """Return the store."""
        from resources.dynamodb.profile_store import DynamoProfileStore

        return DynamoProfileStore(self.table, self.region, write_units=self.write_units)


def storage_resources(deployment: Deployment) -> dict[str, dg.ConfigurableResource[Any]]:
    """Return landing, archive, ledger and store of an environment. Opens no connection."""
    names = deployment.aws
    if names is None:
        raise ValueError("a local deployment has no environment on AWS")
    return {
        "landing": S3LandingResource(uri=names.landing, region=names.region),
        "archive": S3ArchiveResource(
            directory=str(deployment.archive_dir),
            lake_dir=str(deployment.lake_dir),
            names=names.model_dump_json(),
        ),
        "ledger": DynamoLedgerResource(
            table=names.ledger_table, region=names.region, archive=names.archive
        ),
        "store": DynamoStoreResource(table=names.profile_table, region=names.region),
    }
