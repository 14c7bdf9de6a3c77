"""The resources of a deployment on AWS."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import dagster as dg

from resources.wiring.aws_lake import lake_resource
from resources.wiring.aws_spark import SparkJobsResource
from resources.wiring.aws_sql import sql_resource
from resources.wiring.aws_storage import storage_resources

if TYPE_CHECKING:
    from resources.deployment.deployment import Deployment

EMR_CLUSTER = "CUSTOMER360_EMR_CLUSTER"
"""Name or id of a running cluster that takes the place of EMR Serverless."""


def aws_resources(deployment: Deployment) -> dict[str, dg.ConfigurableResource[Any]]:
    """Return the resources of assets for an environment of an account. Opens no connection."""
    if deployment.aws is None:
        raise ValueError("a local deployment has no environment on AWS")
    return {
        **storage_resources(deployment),
        "lake": lake_resource(deployment),
        "sql": sql_resource(deployment),
        "spark": SparkJobsResource(
            address=deployment.aws.address,
            lake_dir=str(deployment.lake_dir),
            emr_cluster=os.environ.get(EMR_CLUSTER),
        ),
    }
