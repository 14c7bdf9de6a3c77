"""Athena as the `sql` resource of a deployment on AWS."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    from resources.athena.client import AthenaClient
    from resources.deployment.deployment import Deployment
    from resources.protocols.sql_engine import SqlEngine


class AthenaResource(dg.ConfigurableResource[Any]):
    """Athena for the `.sql` files, in its workgroup; the state machine fans queries out.

    names: the environment as JSON. price_per_tb: what a terabyte scanned costs in the region, in
    dollars, for the metadata of a step. timeout_seconds: after that a query is stopped.
    """

    names: str
    lake_dir: str
    timeout_seconds: int = 3600
    price_per_tb: str = "5"
    fan_out: bool = True

    def create_resource(self, _context: dg.InitResourceContext) -> Any:
        """Return the engine. No connection is opened before it is used."""
        from resources.account.aws_names import AwsNames
        from resources.athena.client import AthenaClient
        from resources.athena.engine import AthenaEngine
        from resources.iceberg.glue_lake import GlueLake

        names = AwsNames.model_validate_json(self.names)
        client = AthenaClient(
            region=names.region,
            workgroup=names.workgroup,
            database=names.temporary_database,
            output=f"{names.temporary}/athena",
            timeout_seconds=self.timeout_seconds,
            price_per_tb=Decimal(self.price_per_tb),
        )
        engine: SqlEngine = AthenaEngine(
            GlueLake(names, Path(self.lake_dir)),
            client,
            self._state_machine(client, names.state_machine_arn) if self.fan_out else None,
        )
        return engine

    def _state_machine(self, client: AthenaClient, arn: str) -> Any:
        from resources.athena.step_functions import StepFunctionsFanOut

        return StepFunctionsFanOut(client, arn, timeout_seconds=self.timeout_seconds)


def sql_resource(deployment: Deployment) -> AthenaResource:
    """Return an environment's SQL engine; ValueError if deployed locally. Opens no connection."""
    if deployment.aws is None:
        raise ValueError("a local deployment has no environment on AWS")
    return AthenaResource(names=deployment.aws.model_dump_json(), lake_dir=str(deployment.lake_dir))
