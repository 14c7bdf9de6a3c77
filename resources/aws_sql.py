"""Athena as the `sql` resource of a deployment on AWS."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    from resources.athena_engine import AthenaEngine
    from resources.lake_glue import GlueLake
    from resources.query_fan_out import QueryFanOut


class AthenaResource(dg.ConfigurableResource[Any]):
    """Athena for the `.sql` files, in the workgroup of the stage that `address` names.

    price_per_tb: what a terabyte scanned costs in the region, in dollars, for the metadata.
    """

    address: str
    lake_dir: str
    timeout_seconds: float = 3600
    price_per_tb: str = "5"

    def create_resource(self, _context: dg.InitResourceContext) -> Any:
        """Give the engine."""
        from customer360_assets.aws_names import AwsNames
        from resources.lake_glue import GlueLake

        lake = GlueLake(names=AwsNames.parse(self.address), lake_dir=Path(self.lake_dir))
        return self.engine(lake)

    def engine(self, lake: GlueLake, fan_out: QueryFanOut | None = None) -> AthenaEngine:
        """Give the engine over a lake; opens no connection."""
        from resources.athena_client import AthenaClient
        from resources.athena_engine import AthenaEngine

        names = lake.names
        client = AthenaClient(
            region=names.region,
            workgroup=names.workgroup,
            database=names.temporary_database,
            output=f"{names.temporary}/athena",
            timeout_seconds=self.timeout_seconds,
            price_per_tb=Decimal(self.price_per_tb),
        )
        return AthenaEngine(lake, client, fan_out)
