"""The stacks of an environment: what holds data, and what works on it."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

from infra.alarms import alarms
from infra.catalog import catalog
from infra.fan_out import fan_out
from infra.foundation import foundation, key_export, outputs
from infra.jobs import PARAMETERS, jobs
from infra.lake_formation import lake_formation
from infra.roles import person, roles
from infra.serving import arrivals, serving
from infra.settings import Settings
from infra.template import RESOURCE_LIMIT, Json, Resources
from resources.account.aws_names import AwsNames


def foundation_template(names: AwsNames, _settings: Settings | None = None) -> Json:
    """Return the template of key, buckets and ledger: deployed first, kept when the rest goes."""
    return _template(f"Data of {names.base}", foundation(names), Outputs=outputs(names))


def profiles_template(names: AwsNames, _settings: Settings | None = None) -> Json:
    """Return the template of the profile table: a table made by an import is adopted."""
    key: Json = {"Fn::ImportValue": key_export(names)}
    return _template(f"Profiles of {names.base}", serving(names, key))


def platform_template(names: AwsNames, settings: Settings | None = None) -> Json:
    """Return the template of everything else."""
    set_ = settings or Settings()
    key: Json = {"Fn::ImportValue": key_export(names)}
    resources: Resources = {
        **catalog(names, key, set_),
        **jobs(names, key, set_),
        **roles(names, key),
        **fan_out(names, key, set_),
        **arrivals(names, key),
        **alarms(names, key, set_),
        **lake_formation(names, set_),
    }
    for reader in set_.readers:
        resources |= person(names, reader, key)
    return _template(f"Platform of {names.base}", resources, Parameters=PARAMETERS)


TEMPLATES: MappingProxyType[str, Callable[[AwsNames, Settings | None], Json]] = MappingProxyType(
    {
        "foundation": foundation_template,
        "profiles": profiles_template,
        "platform": platform_template,
    }
)
"""The stacks of an environment in the order in which they are deployed."""


def _template(description: str, resources: Resources, **more: Json) -> Json:
    if len(resources) > RESOURCE_LIMIT:
        raise ValueError(f"{description}: {len(resources)} resources, CloudFormation takes 500")
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": description,
        "Resources": resources,
        **more,
    }
