"""The lake of a deployment on AWS, for Dagster."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import dagster as dg

if TYPE_CHECKING:
    from customer360_assets.deployment import Deployment


class GlueLakeResource(dg.ConfigurableResource[Any]):
    """Iceberg tables on S3, their catalog in Glue.

    account, region, stage, prefix: whose they are. lake_dir: where this worker writes files that
    S3 has not yet.
    """

    account: str
    region: str
    stage: str
    prefix: str
    lake_dir: str

    @classmethod
    def of(cls, deployment: Deployment) -> Self:
        """Give the lake of a deployment on AWS; ValueError for a local one."""
        if deployment.aws is None:
            raise ValueError("a local deployment has no lake on AWS")
        return cls(**deployment.aws.model_dump(), lake_dir=str(deployment.lake_dir))

    def create_resource(self, _context: dg.InitResourceContext) -> Any:
        """Give the lake. No connection is opened before it is used."""
        from customer360_assets.aws_names import AwsNames
        from resources.lake_glue import GlueLake

        names = AwsNames(
            account=self.account, region=self.region, stage=self.stage, prefix=self.prefix
        )
        return GlueLake(names, Path(self.lake_dir))
