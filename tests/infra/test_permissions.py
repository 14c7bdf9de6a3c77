"""The code location may do what its code does: every AWS call in the sources has its action."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import pytest

from infra.rules import listed
from infra.stacks import TEMPLATES
from resources.account.aws_names import AwsNames

ROOT = Path(__file__).resolve().parents[2]
PREFIX = {
    "stepfunctions": "states",
    "emr": "elasticmapreduce",
}
"""Where a service's actions are not called as its client is."""
NEEDS = {
    "s3:HeadObject": "s3:GetObject",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "s3:DeleteObjects": "s3:DeleteObject",
    # A transaction needs the actions of its parts; it has none of its own.
    "dynamodb:TransactWriteItems": "dynamodb:PutItem",
    "s3:CopyObject": "s3:PutObject",
    "s3:CreateMultipartUpload": "s3:PutObject",
    "s3:UploadPart": "s3:PutObject",
    "s3:CompleteMultipartUpload": "s3:PutObject",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
}
"""Calls whose action has another name."""
HANDED = {"dynamo.": "dynamodb", "s3.": "s3", "glue.": "glue"}
UNPUBLISHED = {"athena:GetQueryResultsStream", "lakeformation:GetDataAccess"}
"""Actions of calls that no client has."""
BY_LIBRARIES = {
    # PyIceberg's Glue catalog.
    *("glue:GetDatabase", "glue:GetTable", "glue:CreateTable", "glue:UpdateTable"),
    *("glue:DeleteTable", "kms:GenerateDataKey", "kms:Decrypt", "lakeformation:GetDataAccess"),
}

ON_BEHALF = {
    "athena:GetDataCatalog": "Athena asks which catalog a query means",
    "athena:GetQueryResultsStream": "the stream that results are read from",
    "athena:GetWorkGroup": "Athena asks for the settings of the query's workgroup",
    "dynamodb:DeleteItem": "a transaction deletes a result that is parsed again",
    "emr-serverless:StartApplication": "a job starts an application that has stopped",
    "emr-serverless:TagResource": "a job is started with tags",
    "glue:BatchGetPartition": "Athena reads the catalog as the caller",
    "glue:GetDatabases": "Athena reads the catalog as the caller",
    "glue:GetPartition": "Athena reads the catalog as the caller",
    "glue:GetPartitions": "Athena reads the catalog as the caller",
    "iam:PassRole": "a job of EMR runs in a role of its own",
    "kms:DescribeKey": "DynamoDB looks at the key of a table that it makes",
    "logs:CreateLogGroup": "an import of DynamoDB logs as the caller",
    "logs:CreateLogStream": "an import of DynamoDB logs as the caller",
    "logs:PutLogEvents": "an import of DynamoDB logs as the caller",
    "s3:GetBucketLocation": "Athena asks where a bucket is",
    "s3:ListBucketMultipartUploads": "Athena writes results as the caller",
    "s3:ListMultipartUploadParts": "Athena writes results as the caller",
}
"""What no code of ours calls, and who does in its name."""


@cache
def _operations(service: str) -> dict[str, str]:
    """Return the operations of a service by the name of the client's method."""
    import botocore.session
    from botocore import xform_name

    model = botocore.session.get_session().get_service_model(service)
    return {xform_name(name): name for name in model.operation_names}


def calls(source: str) -> Iterator[str]:
    """Yield the calls to AWS in a file: methods and paginators of the clients that it names."""
    services = set(re.findall(r'client\(\s*"([a-z0-9-]+)"', source))
    # Some files are handed their client.
    services |= {service for word, service in HANDED.items() if word in source}
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        method = node.func.attr
        if method == "get_paginator" and isinstance(node.args[0], ast.Constant):
            method = str(node.args[0].value)
        for service in services:
            if operation := _operations(service).get(method):
                called = f"{PREFIX.get(service, service)}:{operation}"
                yield NEEDS.get(called, called)


def _sources() -> Iterator[str]:
    for room in ("resources", "customer360_assets"):
        for path in sorted((ROOT / room).rglob("*.py")):
            yield path.read_text("utf-8")


@pytest.fixture(scope="module")
def allowed() -> set[str]:
    names = AwsNames(account="1" * 12, region="eu-central-1", environment="prod")
    policy = TEMPLATES["platform"](names, None)["Resources"]["CodeLocationRolePolicy"]
    statements = policy["Properties"]["PolicyDocument"]["Statement"]
    return {action for s in statements if s["Effect"] == "Allow" for action in listed(s["Action"])}


def test_every_call_is_allowed(allowed: set[str]) -> None:
    called = {call for source in _sources() for call in calls(source)}
    assert {"athena:StartQueryExecution", "glue:StartJobRun", "dynamodb:BatchWriteItem"} <= called
    assert len(called) > 25
    assert sorted((called | BY_LIBRARIES) - allowed) == []


def test_nothing_else_is_allowed(allowed: set[str]) -> None:
    called = {call for source in _sources() for call in calls(source)}
    assert sorted(allowed - called - BY_LIBRARIES - set(ON_BEHALF)) == []


def test_a_call_that_is_not_allowed_would_be_seen(allowed: set[str]) -> None:
    planted = 'client("s3", region).delete_bucket(Bucket="x")'
    assert set(calls(planted)) - allowed == {"s3:DeleteBucket"}


def test_what_is_allowed_is_spelt_as_aws_spells_it(allowed: set[str]) -> None:
    clients = {v: k for k, v in PREFIX.items()}
    own = {"s3", "kms", "iam"}  # their actions are not named as their calls
    for action in allowed:
        service, _, operation = action.partition(":")
        if service in own or action in UNPUBLISHED:
            continue
        known = _operations(clients.get(service, service)).values()
        assert any(fnmatchcase(name, operation) for name in known), action
