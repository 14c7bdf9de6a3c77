"""Who may see which class of personal data: Lake Formation tags from the contracts, and grants.

A database carries the highest class of its tables, which a new table and each of its columns
inherit: what nobody has classified yet is seen by nobody but the platform. `infra classify` gives
each column the class of its contract as soon as its table exists.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from customer360_assets.contracts import contracts
from customer360_assets.contracts.contract import Contract
from infra import arns
from infra.catalog import database_id
from infra.roles import CODE_LOCATION, QUERIES
from infra.settings import CLASSES, Settings
from infra.template import Json, Resources, attribute, logical_id
from resources.account.aws_names import LAYER_OF, LAYERS, AwsNames

TAG = "PersonalData"
_TABLE = ["ALTER", "DELETE", "DESCRIBE", "DROP", "INSERT", "SELECT"]
SHOWN = ("stage", "dimension", "profile")
"""Schemas that people read; raw and quarantine hold records as delivered."""


class Classified(NamedTuple):
    """Columns of a table that have one class."""

    table: Contract
    class_: str
    columns: tuple[str, ...]


def classes(schema: str) -> Iterator[Classified]:
    """Yield the columns of a schema's tables by class, as their contracts say."""
    for table in contracts(schema):
        for class_ in CLASSES:
            if found := tuple(c.name for c in table.columns if c.pii == class_):
                yield Classified(table, class_, found)


def highest(schema: str) -> str:
    """Return the highest class in a schema; restricted where records are stored as delivered."""
    if schema not in SHOWN:
        return CLASSES[-1]
    return max((c.class_ for c in classes(schema)), key=CLASSES.index)


def lake_formation(names: AwsNames, settings: Settings) -> Resources:
    """Return tag, registered locations and grants."""
    resources: Resources = {
        TAG: {
            "Type": "AWS::LakeFormation::Tag",
            "Properties": {
                "CatalogId": names.account,
                "TagKey": names.personal_data_tag,
                "TagValues": list(CLASSES),
            },
        }
    }
    for layer in LAYERS:
        place = logical_id(layer, "lake")
        resources[place] = {
            "Type": "AWS::LakeFormation::Resource",
            "DependsOn": ["LakeFormationRolePolicy"],
            "Properties": {
                "ResourceArn": f"{arns.bucket(names.bucket(layer))}/warehouse",
                "RoleArn": attribute("LakeFormationRole"),
                "UseServiceLinkedRole": False,
            },
        }
        resources[f"{place}Writer"] = _grant(
            CODE_LOCATION,
            {
                "DataLocation": {
                    "CatalogId": names.account,
                    "ResourceArn": f"{arns.bucket(names.bucket(layer))}/warehouse",
                }
            },
            ["DATA_LOCATION_ACCESS"],
            place,
        )
    for schema in (*LAYER_OF, "temporary"):
        resources |= _database(names, schema, settings)
    for reader in settings.readers:
        resources[logical_id(reader, "reads")] = _grant(
            reader,
            {
                "LFTagPolicy": {
                    "CatalogId": names.account,
                    "ResourceType": "TABLE",
                    "Expression": [
                        {
                            "TagKey": names.personal_data_tag,
                            "TagValues": list(settings.classes_of(reader)),
                        }
                    ],
                }
            },
            ["DESCRIBE", "SELECT"],
            TAG,
        )
    return resources


def _database(names: AwsNames, schema: str, settings: Settings) -> Resources:
    """Return a database's class, and the grants of the platform and of people on it."""
    database, logical = names.database(schema), database_id(schema)
    named = {"CatalogId": names.account, "Name": database}
    tables = {"CatalogId": names.account, "DatabaseName": database, "TableWildcard": {}}
    resources = {
        f"{logical}Class": {
            "Type": "AWS::LakeFormation::TagAssociation",
            "DependsOn": [TAG, logical],
            "Properties": {
                "LFTags": [
                    {
                        "CatalogId": names.account,
                        "TagKey": names.personal_data_tag,
                        "TagValues": [highest(schema)],
                    }
                ],
                "Resource": {"Database": named},
            },
        },
        f"{logical}Writer": _grant(
            CODE_LOCATION, {"Database": named}, ["CREATE_TABLE", "DESCRIBE"], logical
        ),
        f"{logical}Tables": _grant(CODE_LOCATION, {"Table": tables}, _TABLE, logical),
        f"{logical}Queries": _grant(QUERIES, {"Database": named}, ["DESCRIBE"], logical),
        f"{logical}QueriesTables": _grant(
            QUERIES, {"Table": tables}, ["DESCRIBE", "SELECT"], logical
        ),
    }
    for reader in settings.readers if schema in SHOWN else ():
        resources[f"{logical}{logical_id(reader)}"] = _grant(
            reader, {"Database": named}, ["DESCRIBE"], logical
        )
    return resources


def _grant(service: str, resource: Json, permissions: list[str], after: str) -> Json:
    return {
        "Type": "AWS::LakeFormation::PrincipalPermissions",
        "DependsOn": [after],
        "Properties": {
            "Principal": {
                "DataLakePrincipalIdentifier": attribute(logical_id(service, "role")),
            },
            "Resource": resource,
            "Permissions": permissions,
            "PermissionsWithGrantOption": [],
        },
    }
