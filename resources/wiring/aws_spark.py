"""Glue and EMR as the `spark` resource of a deployment on AWS."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    from resources.jobs.engine import SparkJobs

ON_GLUE = ("customer_history", "extract_transactions")
"""The scripts that Glue runs; EMR runs the others."""


class SparkJobsResource(dg.ConfigurableResource[Any]):
    """Glue jobs and EMR for the scripts, of the environment that `address` names.

    emr_cluster: name or id of a running cluster that takes the place of EMR Serverless.
    deadline_seconds: of one job. The prices are dollars in the region, for the metadata.
    """

    address: str
    lake_dir: str
    emr_cluster: str | None = None
    deadline_seconds: float = 4 * 3600
    price_per_dpu_hour: str = "0.44"
    price_per_vcpu_hour: str = "0.052624"
    price_per_gb_hour: str = "0.0057785"

    def create_resource(self, _context: dg.InitResourceContext) -> Any:
        """Return the engine."""
        return self.engine()

    def engine(self) -> SparkJobs:
        """Return the engine; opens no connection."""
        from resources.account.aws_names import AwsNames
        from resources.jobs.emr_cluster_engine import EmrClusterEngine
        from resources.jobs.emr_serverless_engine import EmrServerlessEngine, Prices
        from resources.jobs.engine import JobEngine, SparkJobs
        from resources.jobs.glue_engine import GlueEngine
        from resources.jobs.watch import Patience
        from resources.s3.mirror import Mirror

        names = AwsNames.parse(self.address)
        mirror = Mirror(Path(self.lake_dir), names)
        patience = Patience(deadline=self.deadline_seconds)
        glue = GlueEngine(names, mirror, patience)
        glue.price = Decimal(self.price_per_dpu_hour)
        emr: JobEngine
        if self.emr_cluster:
            emr = EmrClusterEngine(names, mirror, self.emr_cluster, patience)
        else:
            serverless = EmrServerlessEngine(names, mirror, patience)
            serverless.prices = Prices(
                Decimal(self.price_per_vcpu_hour), Decimal(self.price_per_gb_hour)
            )
            emr = serverless
        return SparkJobs(dict.fromkeys(ON_GLUE, glue), emr)
