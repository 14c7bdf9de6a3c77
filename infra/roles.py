"""The IAM roles of an environment, each with what it needs and no more."""

from __future__ import annotations

from infra import actions, arns
from infra.jobs import LOGS, scripts
from infra.template import Json, Resources, allow, attribute, logical_id, policy, ref, tags_of
from resources.account.aws_names import AwsNames

CODE_LOCATION, GLUE, EMR, QUERIES, LAKE = (
    "code_location",
    "glue",
    "emr",
    "queries",
    "lake_formation",
)


def roles(names: AwsNames, key: Json) -> Resources:
    """Return the roles of the code location and of the services that work for it."""
    return {
        **role(names, CODE_LOCATION, ["ecs-tasks.amazonaws.com"], _code_location(names, key)),
        **role(names, QUERIES, ["states.amazonaws.com"], _queries(names, key)),
        **role(names, GLUE, ["glue.amazonaws.com"], _glue(names, key)),
        **role(names, EMR, ["emr-serverless.amazonaws.com"], _emr(names, key)),
        **role(names, LAKE, ["lakeformation.amazonaws.com"], _lake(names, key)),
    }


def role(names: AwsNames, service: str, trusted: list[str], statements: list[Json]) -> Resources:
    """Return a role that AWS services may assume, for this account only, and its policy."""
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": trusted},
        "Action": "sts:AssumeRole",
        # Another account's use of the service must not reach this role. Glue states no source.
        **(
            {"Condition": {"StringEquals": {"aws:SourceAccount": names.account}}}
            if service in (CODE_LOCATION, QUERIES, EMR)
            else {}
        ),
    }
    return _role(names, service, trust, statements)


def _role(names: AwsNames, service: str, trust: Json, statements: list[Json]) -> Resources:
    logical = logical_id(service, "role")
    return {
        logical: {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": names.role(service),
                "Description": f"{names.base}: {service.replace('_', ' ')}",
                "AssumeRolePolicyDocument": policy(trust),
                "Tags": tags_of(names.tags),
            },
        },
        f"{logical}Policy": {
            "Type": "AWS::IAM::Policy",
            "Properties": {
                "PolicyName": service,
                "PolicyDocument": policy(*statements),
                "Roles": [ref(logical)],
            },
        },
    }


def person(names: AwsNames, reader: str, key: Json) -> Resources:
    """Return a role that people of the account assume with a second factor, to read by SQL."""
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": arns.root(names)},
        "Action": "sts:AssumeRole",
        "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    }
    results = names.reader_results(reader)
    analytics = arns.bucket(names.bucket("analytics"))
    mine = {"StringLike": {"s3:prefix": f"{results.split('/', 3)[3]}/*"}}
    return _role(
        names,
        reader,
        trust,
        [
            actions.run_queries(names, names.reader_workgroup(reader)),
            actions.read_catalog(names),
            actions.read_governed_data(),
            allow(["s3:GetBucketLocation"], analytics, "FindBucket"),
            allow(["s3:ListBucket"], analytics, "ListResults", mine),
            allow(actions.WRITE, arns.under(results), "Results"),
            # A person decrypts results; the data itself is decrypted for Lake Formation.
            {
                **actions.use_key(key),
                "Condition": {
                    "StringEquals": {"kms:ViaService": f"s3.{names.region}.amazonaws.com"}
                },
            },
        ],
    )


def _code_location(names: AwsNames, key: Json) -> list[Json]:
    application = attribute("Spark")
    profiles = arns.of(names, "dynamodb", f"table/{names.profile_table}")
    cluster = {
        "StringEquals": {
            f"elasticmapreduce:ResourceTag/{name}": value for name, value in names.tags.items()
        }
    }
    return [
        actions.list_buckets(names),
        # What was delivered is kept as it came: nothing may delete it from the archive.
        allow(actions.WRITE, [arns.under(names.landing), arns.under(names.archive)], "Deliveries"),
        allow(
            actions.REPLACE,
            [*arns.warehouses(names), arns.under(names.temporary)],
            "Tables",
        ),
        # Scripts lie under the hash of their bytes: one that ran once is never changed.
        allow(actions.WRITE, arns.under(names.code), "Scripts"),
        actions.use_key(key),
        actions.run_queries(names, names.workgroup),
        actions.read_catalog(names),
        actions.write_catalog(names),
        actions.read_governed_data(),
        # What ended runs have left running is found in the lists of what runs.
        allow(
            ["athena:BatchGetQueryExecution", "athena:ListQueryExecutions"],
            arns.workgroup(names, names.workgroup),
            "FindQueries",
        ),
        allow(
            ["states:ListExecutions", "states:StartExecution"],
            names.state_machine_arn,
            "StartFanOut",
        ),
        allow(
            ["states:DescribeExecution", "states:StopExecution"],
            arns.executions(names),
            "FollowFanOut",
        ),
        allow(
            ["glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"],
            # By name: a pattern of this environment's names may fit a branch's as well.
            [arns.of(names, "glue", f"job/{names.glue_job(script)}") for script in scripts()],
            "GlueJobs",
        ),
        allow(
            ["emr-serverless:StartApplication", "emr-serverless:StartJobRun",
             "emr-serverless:ListJobRuns", "emr-serverless:GetJobRun",
             "emr-serverless:CancelJobRun", "emr-serverless:TagResource"],
            [application, {"Fn::Join": ["/", [application, "jobruns", "*"]]}],
            "SparkJobs",
        ),
        # An application has an id of AWS's own: it is found by its name in the list of all.
        allow(
            ["emr-serverless:ListApplications", "elasticmapreduce:ListClusters"], "*", "FindSpark"
        ),
        allow(
            ["elasticmapreduce:AddJobFlowSteps", "elasticmapreduce:CancelSteps",
             "elasticmapreduce:DescribeCluster", "elasticmapreduce:DescribeStep",
             "elasticmapreduce:ListSteps"],
            arns.of(names, "elasticmapreduce", "cluster/*"),
            "StepsOnClustersOfTheEnvironment",
            cluster,
        ),
        actions.pass_role(names, EMR, "emr-serverless.amazonaws.com"),
        allow(
            ["dynamodb:BatchGetItem", "dynamodb:BatchWriteItem",
             "dynamodb:DescribeTable", "dynamodb:GetItem",
             "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"],
            [profiles, f"{profiles}/index/*"],
            "Profiles",
        ),
        *actions.use_ledger(names),
        # A first load makes the table; a table that serves is protected from deletion.
        allow(
            ["dynamodb:DeleteTable", "dynamodb:DescribeImport", "dynamodb:ImportTable",
             "dynamodb:UpdateContinuousBackups"],
            [profiles, f"{profiles}/import/*"],
            "BulkLoad",
        ),
        allow(
            ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
            f"{arns.log_group(names, '/aws-dynamodb/imports')}:*",
            "BulkLoadLogs",
        ),
        allow(
            ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"],
            attribute("LandingQueue"),
            "NewDeliveries",
        ),
        allow(
            ["secretsmanager:GetSecretValue"],
            [ref("CoreBankingSecret"), ref("CrmSecret"), ref("CardKeySecret")],
            "Secrets",
        ),
        actions.read_logs(names, *LOGS),
    ]  # fmt: skip


def _queries(names: AwsNames, key: Json) -> list[Json]:
    delivery = [
        *("logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery"),
        *("logs:DeleteLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy"),
        *("logs:DescribeResourcePolicies", "logs:DescribeLogGroups"),
    ]
    return [
        actions.run_queries(names, names.workgroup),
        actions.list_buckets(names),
        allow(actions.READ, arns.warehouses(names), "ReadTables"),
        allow(actions.WRITE, arns.under(names.temporary), "Results"),
        actions.use_key(key),
        actions.read_catalog(names),
        actions.read_governed_data(),
        # Deliveries of logs are the account's; AWS lets no name stand here.
        allow(delivery, "*", "DeliverLogs"),
    ]


def _jobs(names: AwsNames, key: Json) -> list[Json]:
    """Return the permissions of a Spark script: it reads planned files and writes one candidate."""
    return [
        actions.list_buckets(names),
        allow(actions.READ, arns.under(names.code), "Code"),
        allow(
            actions.REPLACE, [*arns.warehouses(names), arns.under(names.temporary)], "Tables"
        ),
        actions.use_key(key),
    ]  # fmt: skip


def _emr(names: AwsNames, key: Json) -> list[Json]:
    return [
        *_jobs(names, key),
        actions.write_logs(names, "emr"),
        # Which groups there are is asked of all or not at all.
        allow(["logs:DescribeLogGroups"], "*", "FindLogs"),
    ]


def _glue(names: AwsNames, key: Json) -> list[Json]:
    network = [
        arns.of(names, "ec2", f"{kind}/*")
        for kind in ("network-interface", "subnet", "security-group")
    ]
    look = [
        *("ec2:DescribeNetworkInterfaces", "ec2:DescribeRouteTables", "ec2:DescribeSubnets"),
        *("ec2:DescribeSecurityGroups", "ec2:DescribeVpcAttribute", "ec2:DescribeVpcEndpoints"),
    ]
    tag = {"ForAllValues:StringEquals": {"aws:TagKeys": ["aws-glue-service-resource"]}}
    return [
        *_jobs(names, key),
        allow(actions.WRITE, arns.under(names.landing), "Deliveries"),
        actions.write_logs(names, "glue/output", "glue/error"),
        allow(
            ["glue:GetConnection"],
            [
                arns.of(names, "glue", "catalog"),
                arns.of(names, "glue", f"connection/{names.core_banking_connection}"),
            ],
            "Connection",
        ),
        allow(["secretsmanager:GetSecretValue"], ref("CoreBankingSecret"), "CoreBanking"),
        allow(
            ["cloudwatch:PutMetricData"],
            "*",
            "Metrics",
            {"StringEquals": {"cloudwatch:namespace": "Glue"}},
        ),
        # Glue lends the job an interface in the bank's network. EC2 describes all or nothing.
        allow(look, "*", "LookAtNetwork"),
        allow(["ec2:CreateNetworkInterface"], network, "JoinNetwork"),
        allow(["ec2:CreateTags"], network[:1], "TagInterface", tag),
        allow(["ec2:DeleteNetworkInterface"], network[:1], "LeaveNetwork"),
    ]


def _lake(names: AwsNames, key: Json) -> list[Json]:
    """Return the permissions for access through Lake Formation's grants."""
    return [
        actions.list_buckets(names),
        allow(actions.REPLACE, arns.warehouses(names), "Tables"),
        actions.use_key(key),
    ]
