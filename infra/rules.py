"""Rules that no other judge has: all data under the environment's key, no star without a reason."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from infra.template import Json

KEY_OF = {
    "AWS::SQS::Queue": "KmsMasterKeyId",
    "AWS::SNS::Topic": "KmsMasterKeyId",
    "AWS::Logs::LogGroup": "KmsKeyId",
    "AWS::SecretsManager::Secret": "KmsKeyId",
}
"""Where a resource of a type names the key of its data."""
STARS = {
    "LakeFormationDecides": "GetDataAccess names no resource: Lake Formation's grants decide",
    "DeliverLogs": "deliveries of logs are the account's",
    "FindSpark": "an application is found by its name in the list of all",
    "FindLogs": "log groups are listed all or not at all",
    "LookAtNetwork": "EC2 describes all or nothing",
    "Metrics": "a metric has no name that a policy could hold; the namespace is held",
}
"""Statements of roles that may be for every resource, and why AWS leaves no choice."""
PLAIN_BUCKETS = frozenset({"AccessLogs"})
"""S3 delivers access logs to no bucket that has a key of its own."""


def broken(template: Json) -> Iterator[str]:
    """Yield the broken rules, by resource."""
    for logical, resource in template["Resources"].items():
        kind, given = resource["Type"], resource["Properties"]
        if kind == "AWS::S3::Bucket" and not _encrypted(logical, given):
            yield f"{logical}: a bucket is encrypted by the environment's key"
        if kind == "AWS::DynamoDB::Table" and not given.get("SSESpecification", {}).get(
            "KMSMasterKeyId"
        ):
            yield f"{logical}: a table is encrypted by the environment's key"
        if kind in KEY_OF and not given.get(KEY_OF[kind]):
            yield f"{logical}: {kind} has no {KEY_OF[kind]}"
        if kind == "AWS::IAM::Policy":
            for statement in given["PolicyDocument"]["Statement"]:
                yield from _loose(logical, statement)


def _encrypted(logical: str, bucket: Json) -> bool:
    rules = bucket.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", [])
    used = [rule["ServerSideEncryptionByDefault"] for rule in rules]
    plain = logical in PLAIN_BUCKETS
    return bool(used) and all(u.get("KMSMasterKeyID") or plain for u in used)


def _loose(logical: str, statement: Json) -> Iterator[str]:
    sid = statement.get("Sid")
    if "*" in listed(statement["Resource"]) and sid not in STARS:
        yield f"{logical}: statement {sid} is for every resource"
    for action in listed(statement["Action"]):
        if action.endswith("*"):
            yield f"{logical}: statement {sid} allows {action}"


def listed(value: Any) -> list[Any]:
    """Return one value or several as a list."""
    return value if isinstance(value, list) else [value]
