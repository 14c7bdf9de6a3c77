"""What each kind of work needs to be allowed, as statements over the environment's own names."""

from __future__ import annotations

from infra import arns
from infra.template import Json, allow
from resources.account.aws_names import AwsNames
from resources.dynamodb.ledger_table import RECEIPTS

READ = ["s3:GetObject"]
WRITE = ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
REPLACE = [*WRITE, "s3:DeleteObject"]
_READ_CATALOG = [
    *("glue:GetDatabase", "glue:GetDatabases", "glue:GetTable", "glue:GetTables"),
    *("glue:GetPartition", "glue:GetPartitions", "glue:BatchGetPartition"),
]
_WRITE_CATALOG = [
    "glue:CreateTable",
    "glue:UpdateTable",
    "glue:DeleteTable",
    "glue:BatchDeleteTable",
]


def list_buckets(names: AwsNames) -> Json:
    """Allow listing the layers' buckets."""
    actions = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]
    return allow(actions, arns.buckets(names), "ListBuckets")


def use_key(key: Json) -> Json:
    """Allow what a reader and a writer of encrypted data does with the key."""
    actions = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]
    return allow(actions, key, "UseKey")


def run_queries(names: AwsNames, workgroup: str) -> Json:
    """Allow running, following and stopping queries of a workgroup."""
    actions = [
        *("athena:StartQueryExecution", "athena:StopQueryExecution", "athena:GetQueryExecution"),
        *("athena:GetQueryResults", "athena:GetQueryResultsStream", "athena:GetWorkGroup"),
        "athena:GetDataCatalog",
    ]
    where = [arns.workgroup(names, workgroup), arns.data_catalog(names)]
    return allow(actions, where, "RunQueries")


def read_catalog(names: AwsNames) -> Json:
    """Allow reading the definitions of the environment's tables."""
    return allow(_READ_CATALOG, arns.catalog(names), "ReadCatalog")


def write_catalog(names: AwsNames) -> Json:
    """Allow creating, changing and dropping the environment's tables."""
    return allow(_WRITE_CATALOG, arns.catalog(names), "WriteCatalog")


def read_governed_data() -> Json:
    """Allow asking Lake Formation for data; its grants decide what it gives. It names nothing."""
    return allow(["lakeformation:GetDataAccess"], "*", "LakeFormationDecides")


def write_logs(names: AwsNames, *services: str) -> Json:
    """Allow writing into the environment's log groups of these services."""
    actions = [
        *("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"),
        *("logs:AssociateKmsKey", "logs:DescribeLogStreams"),
    ]
    return allow(actions, _groups(names, *services), "WriteLogs")


def read_logs(names: AwsNames, *services: str) -> Json:
    """Allow reading the environment's log groups of these services."""
    return allow(["logs:FilterLogEvents"], _groups(names, *services), "ReadLogs")


def _groups(names: AwsNames, *services: str) -> list[str]:
    return [f"{arns.log_group(names, names.log_group(service))}:*" for service in services]


def pass_role(names: AwsNames, service: str, to: str) -> Json:
    """Allow handing a role of the environment to one AWS service."""
    when = {"StringEquals": {"iam:PassedToService": to}}
    return allow(["iam:PassRole"], names.role_arn(service), "PassRole", when)


def use_ledger(names: AwsNames) -> list[Json]:
    """Return the statements that let the ledger be read and written, its receipts only once."""
    table = arns.of(names, "dynamodb", f"table/{names.ledger_table}")
    receipts = {"ForAnyValue:StringLike": {"dynamodb:LeadingKeys": [f"{RECEIPTS}*"]}}
    change = [f"dynamodb:{action}" for action in ("BatchWriteItem", "DeleteItem", "UpdateItem")]
    # A transaction needs the actions of its parts, and has none of its own.
    use = [*change, *(f"dynamodb:{action}" for action in ("GetItem", "PutItem", "Query"))]
    # A receipt is evidence. Only the code's condition keeps a put from replacing it: whoever
    # registers receipts may put items. PITR has what was there before.
    keep = {**allow(change, table, "ReceiptsStay", receipts), "Effect": "Deny"}
    return [allow(use, table, "Ledger"), keep]
