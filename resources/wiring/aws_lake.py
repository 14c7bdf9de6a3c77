"""The lake of a deployment on AWS, for Dagster."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    from resources.deployment.deployment import Deployment
    from resources.protocols.lake import Lake


class GlueLakeResource(dg.ConfigurableResource[Any]):
    """Iceberg tables on S3, their catalog in Glue.

    names: the environment as JSON. lake_dir: where this worker writes files that S3 has not yet.
    """

    names: str
    lake_dir: str

    def create_resource(self, _context: dg.InitResourceContext) -> Any:
        """Return the lake. No connection is opened before it is used."""
        from resources.account.aws_names import AwsNames
        from resources.iceberg.glue_lake import GlueLake

        lake: Lake = GlueLake(AwsNames.model_validate_json(self.names), Path(self.lake_dir))
        return lake


def lake_resource(deployment: Deployment) -> GlueLakeResource:
    """Return the lake of an environment; ValueError for a local deployment. Opens no connection."""
    if deployment.aws is None:
        raise ValueError("a local deployment has no environment on AWS")
    return GlueLakeResource(
        names=deployment.aws.model_dump_json(), lake_dir=str(deployment.lake_dir)
    )
