"""The resources of a deployment: embedded ones, or those of an AWS account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    from resources.deployment.deployment import Deployment
    from resources.protocols.ledger import Ledger


def resources_of(deployment: Deployment) -> dict[str, dg.ConfigurableResource[Any]]:
    """Return the resources of assets. Opens no connection."""
    if deployment.aws is None:
        from resources.wiring.local import local_resources

        return local_resources(deployment)
    from resources.wiring.aws import aws_resources

    return aws_resources(deployment)


def bound_resources(deployment: Deployment) -> dict[str, dg.ResourceDefinition]:
    """Return all resources of the code location: no run's configuration points them elsewhere."""
    bound = {
        name: dg.ResourceDefinition(
            resource.create_resource, config_schema={}, description=type(resource).__doc__
        )
        for name, resource in resources_of(deployment).items()
    }
    # Dagster's own default writes to a folder of the run's choice. Steps hand on nothing.
    memory = dg.mem_io_manager.resource_fn
    bound["io_manager"] = dg.IOManagerDefinition(memory, config_schema={})
    return bound


def ledger_of(deployment: Deployment) -> Ledger:
    """Return the ledger alone, outside a Dagster step."""
    ledger: Ledger = resources_of(deployment)["ledger"].create_resource(
        dg.build_init_resource_context()
    )
    return ledger


def services_of(deployment: Deployment) -> dict[str, Any]:
    """Return the same services outside a Dagster step."""
    outside = dg.build_init_resource_context()
    resources = resources_of(deployment)
    return {name: resource.create_resource(outside) for name, resource in resources.items()}
