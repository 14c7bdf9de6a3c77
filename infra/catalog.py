"""Glue databases, the Athena workgroups, and the secrets that the environment reads."""

from __future__ import annotations

from infra.settings import Settings
from infra.template import Json, Resources, logical_id, tags_of
from resources.account.aws_names import LAYER_OF, AwsNames


def catalog(names: AwsNames, key: Json, settings: Settings) -> Resources:
    """Return databases, workgroups and secrets. A secret is empty until its owner fills it."""
    places = {schema: names.schema_location(schema) for schema in LAYER_OF}
    resources: Resources = {}
    for schema, location in (*places.items(), ("temporary", names.temporary)):
        resources[database_id(schema)] = _database(names, names.database(schema), location)
    resources["Workgroup"] = _workgroup(
        names, names.workgroup, names.query_results, key, settings.scan_limit_gb
    )
    for reader in settings.readers:
        resources[logical_id(reader, "workgroup")] = _workgroup(
            names,
            names.reader_workgroup(reader),
            names.reader_results(reader),
            key,
            settings.reader_scan_limit_gb,
        )
    for logical, name, meaning in (
        ("CoreBankingSecret", names.core_banking_secret, "core-banking database: user, password"),
        ("CrmSecret", names.crm_secret, "CRM API: address and token"),
        ("CardKeySecret", names.card_key_secret, "key of the card tokens, in hex"),
    ):
        resources[logical] = {
            "Type": "AWS::SecretsManager::Secret",
            "Properties": {
                "Name": name,
                "Description": f"{names.base}: {meaning}",
                "KmsKeyId": key,
                "Tags": tags_of(names.tags),
            },
        }
    return resources


def database_id(schema: str) -> str:
    """Return the logical id of a schema's database."""
    return logical_id(schema, "database")


def _database(names: AwsNames, name: str, location: str) -> Json:
    return {
        "Type": "AWS::Glue::Database",
        "Properties": {
            "CatalogId": names.account,
            "DatabaseInput": {
                "Name": name,
                "LocationUri": location,
                # Nobody reads a new table by IAM alone: Lake Formation's grants decide.
                "CreateTableDefaultPermissions": [],
            },
        },
    }


def _workgroup(names: AwsNames, name: str, results: str, key: Json, limit_gb: int) -> Json:
    encryption = {"EncryptionOption": "SSE_KMS", "KmsKey": key}
    return {
        "Type": "AWS::Athena::WorkGroup",
        "Properties": {
            "Name": name,
            "State": "ENABLED",
            "RecursiveDeleteOption": names.environment.startswith("branch"),
            "Tags": tags_of(names.tags),
            "WorkGroupConfiguration": {
                "BytesScannedCutoffPerQuery": limit_gb * 2**30,
                # A caller can name no other place and no other key for its results.
                "EnforceWorkGroupConfiguration": True,
                "PublishCloudWatchMetricsEnabled": True,
                "EngineVersion": {"SelectedEngineVersion": "Athena engine version 3"},
                "ResultConfiguration": {
                    "OutputLocation": f"{results}/",
                    "EncryptionConfiguration": encryption,
                },
            },
        },
    }
