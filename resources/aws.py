"""The resources of a deployment on AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    from customer360_assets.deployment import Deployment


def aws_resources(deployment: Deployment) -> dict[str, dg.ConfigurableResource[Any]]:
    """Give the resources that assets name, for a stage of an account."""
    raise NotImplementedError(deployment.name)
