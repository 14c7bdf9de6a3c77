"""What holds data and outlives everything else: the key, the buckets, the ledger of deliveries."""

from __future__ import annotations

from infra import arns
from infra.template import Json, Resources, attribute, excused, logical_id, policy, ref, tags_of
from resources.account.aws_names import LAYERS, AwsNames
from resources.dynamodb.ledger_table import ledger_definition

KEY = "Key"
DAYS_TEMPORARY = 7
DAYS_OLD_VERSIONS = 30
DAYS_ACCESS_LOGS = 365


def kept(names: AwsNames) -> Json:
    """Return the deletion policy of data: only a branch's is deleted with its stack."""
    fate = "Delete" if names.environment.startswith("branch") else "Retain"
    return {"DeletionPolicy": fate, "UpdateReplacePolicy": fate}


def foundation(names: AwsNames) -> Resources:
    """Return the key, the ledger's table and the buckets of an environment."""
    ledger = table(names, ledger_definition(names), attribute(KEY))
    resources = _key(names) | _access_logs(names) | {"Ledger": ledger}
    for layer in LAYERS:
        resources |= _bucket(names, names.bucket(layer), logical_id(layer, "bucket"), layer)
    return resources


def table(names: AwsNames, definition: Json, key: Json) -> Json:
    """Return a DynamoDB table that is encrypted, outlives its stack and can be restored."""
    return {
        "Type": "AWS::DynamoDB::Table",
        **kept(names),
        "Properties": {
            **definition,
            "DeletionProtectionEnabled": kept(names)["DeletionPolicy"] == "Retain",
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
            "Tags": tags_of(names.tags),
        },
    }


def outputs(names: AwsNames) -> Json:
    """Return the foundation's outputs for the platform's stack: the key has no fixed name."""
    return {
        "KeyArn": {"Value": attribute(KEY), "Export": {"Name": key_export(names)}},
        **{
            logical_id(layer, "bucket"): {"Value": ref(logical_id(layer, "bucket"))}
            for layer in LAYERS
        },
    }


def key_export(names: AwsNames) -> str:
    """Return the name under which the key's ARN is exported."""
    return f"{names.base}-key"


def _key(names: AwsNames) -> Resources:
    owner = {
        "Sid": "OwnerGrantsByIam",
        "Effect": "Allow",
        "Principal": {"AWS": arns.root(names)},
        "Action": "kms:*",
        "Resource": "*",
    }
    services = {
        "Sid": "ServicesOfThisAccount",
        "Effect": "Allow",
        "Principal": {"Service": ["cloudwatch.amazonaws.com", "events.amazonaws.com"]},
        "Action": ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*"],
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceAccount": names.account}},
    }
    logs = {
        **services,
        "Sid": "LogGroupsOfThisEnvironment",
        "Principal": {"Service": f"logs.{names.region}.amazonaws.com"},
        "Condition": {
            "ArnLike": {
                "kms:EncryptionContext:aws:logs:arn": arns.log_group(names, names.log_group("*"))
            }
        },
    }
    return {
        KEY: {
            "Type": "AWS::KMS::Key",
            **kept(names),
            "Properties": {
                "Description": f"Data at rest of {names.base}",
                "EnableKeyRotation": True,
                "KeyPolicy": policy(owner, services, logs),
                "Tags": tags_of(names.tags),
            },
        },
        "KeyAlias": {
            "Type": "AWS::KMS::Alias",
            "Properties": {"AliasName": names.key_alias, "TargetKeyId": ref(KEY)},
        },
    }


def _bucket(names: AwsNames, name: str, logical: str, layer: str) -> Resources:
    encryption = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": attribute(KEY)}
    return {
        logical: {
            "Type": "AWS::S3::Bucket",
            **kept(names),
            "Properties": {
                **_private(names, name),
                "BucketEncryption": {
                    "ServerSideEncryptionConfiguration": [
                        {"BucketKeyEnabled": True, "ServerSideEncryptionByDefault": encryption}
                    ]
                },
                "LifecycleConfiguration": {"Rules": _ageing(names, layer)},
                "LoggingConfiguration": {
                    "DestinationBucketName": ref("AccessLogs"),
                    "LogFilePrefix": f"{layer}/",
                },
                # The rule that notifies the queue of new deliveries is in the platform's stack.
                "NotificationConfiguration": {
                    "EventBridgeConfiguration": {"EventBridgeEnabled": layer == "raw"}
                },
            },
        },
        f"{logical}Policy": _only_by_tls(logical),
    }


def _ageing(names: AwsNames, layer: str) -> list[Json]:
    """Return the lifecycle rules: old versions, abandoned uploads and temporary objects expire."""
    rules: list[Json] = [
        {
            "Id": "old-versions",
            "Status": "Enabled",
            "NoncurrentVersionExpiration": {"NoncurrentDays": DAYS_OLD_VERSIONS},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2},
        }
    ]
    if layer == "analytics":
        for place in (names.temporary, names.reader_results("")):
            prefix = place.split("/", 3)[3].rstrip("/") + "/"
            rules.append(
                {
                    "Id": prefix.rstrip("/"),
                    "Status": "Enabled",
                    "Prefix": prefix,
                    "ExpirationInDays": DAYS_TEMPORARY,
                    "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
                }
            )
    return rules


def _access_logs(names: AwsNames) -> Resources:
    statement = {
        "Sid": "AccessLogs",
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"{arns.bucket(names.access_logs)}/*",
        "Condition": {
            "StringEquals": {"aws:SourceAccount": names.account},
            "ArnLike": {"aws:SourceArn": arns.buckets(names)},
        },
    }
    return {
        "AccessLogs": {
            "Type": "AWS::S3::Bucket",
            **kept(names),
            "Metadata": excused(CKV_AWS_18="The logs of this bucket would be logged into it."),
            "Properties": {
                **_private(names, names.access_logs),
                # S3 delivers access logs to no bucket that has a key of its own.
                "BucketEncryption": {
                    "ServerSideEncryptionConfiguration": [
                        {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
                    ]
                },
                "LifecycleConfiguration": {
                    "Rules": [
                        {
                            "Id": "age",
                            "Status": "Enabled",
                            "ExpirationInDays": DAYS_ACCESS_LOGS,
                            "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
                        }
                    ]
                },
            },
        },
        "AccessLogsPolicy": _only_by_tls("AccessLogs", statement),
    }


def _private(names: AwsNames, name: str) -> Json:
    block = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    return {
        "BucketName": name,
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "PublicAccessBlockConfiguration": dict.fromkeys(block, True),
        "VersioningConfiguration": {"Status": "Enabled"},
        "Tags": tags_of(names.tags),
    }


def _only_by_tls(bucket: str, *more: Json) -> Json:
    arn = attribute(bucket)
    refuse = {
        "Sid": "OnlyByTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, {"Fn::Join": ["/", [arn, "*"]]}],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {"Bucket": ref(bucket), "PolicyDocument": policy(refuse, *more)},
    }
