"""What exists in the account after both stacks were created, asked of the account itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from customer360_assets.contracts import contract
from infra.jobs import scripts
from infra.settings import CLASSES, Settings
from infra.template import Json
from resources.account.aws_names import LAYER_OF, LAYERS, AwsNames
from resources.account.client import client
from resources.dynamodb.ledger_table import ledger_definition
from resources.dynamodb.table import definition


def _api(names: AwsNames, service: str) -> Any:
    return client(service, names.region)


def _key(names: AwsNames) -> str:
    found = _api(names, "kms").list_aliases()["Aliases"]
    (key,) = (a["TargetKeyId"] for a in found if a["AliasName"] == names.key_alias)
    return str(key)


@pytest.mark.parametrize("layer", LAYERS)
def test_a_bucket_is_encrypted_versioned_and_closed(deployed: AwsNames, layer: Any) -> None:
    s3, bucket = _api(deployed, "s3"), deployed.bucket(layer)
    rule = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
    used = rule["ApplyServerSideEncryptionByDefault"]
    assert used["SSEAlgorithm"] == "aws:kms"
    assert used["KMSMasterKeyID"].endswith(_key(deployed))
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    closed = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert set(closed.values()) == {True}
    (refused,) = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    assert (refused["Effect"], refused["Principal"]) == ("Deny", "*")
    assert refused["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_a_write_by_plain_http_is_refused(deployed: AwsNames) -> None:
    s3 = _api(deployed, "s3")
    with pytest.raises(s3.exceptions.ClientError, match=r"AccessDenied|Forbidden|403"):
        s3.put_object(Bucket=deployed.bucket("raw"), Key="landing/x", Body=b"x")
    s3.create_bucket(
        Bucket="open", CreateBucketConfiguration={"LocationConstraint": deployed.region}
    )
    s3.put_object(Bucket="open", Key="x", Body=b"x")


def test_what_is_temporary_is_deleted_and_what_was_delivered_is_not(deployed: AwsNames) -> None:
    s3 = _api(deployed, "s3")
    deleted = {
        f"s3://{deployed.bucket(layer)}/{rule['Filter'].get('Prefix', '')}".rstrip("/")
        for layer in LAYERS
        for rule in s3.get_bucket_lifecycle_configuration(Bucket=deployed.bucket(layer))["Rules"]
        if "Expiration" in rule
    }
    assert deleted == {deployed.temporary, deployed.reader_results("").rstrip("/")}
    assert deployed.query_results.startswith(f"{deployed.temporary}/")
    for kept in (deployed.archive, deployed.landing, deployed.schema_location("profile")):
        assert not kept.startswith(tuple(deleted))


def test_the_key_rotates(deployed: AwsNames) -> None:
    answer = _api(deployed, "kms").get_key_rotation_status(KeyId=_key(deployed))
    assert answer["KeyRotationEnabled"] is True


@pytest.mark.parametrize("defined", [definition, ledger_definition])
def test_a_table_is_what_its_user_defines_and_can_be_restored(
    deployed: AwsNames, defined: Callable[[AwsNames], Json]
) -> None:
    api, wanted = _api(deployed, "dynamodb"), defined(deployed)
    found = api.describe_table(TableName=wanted["TableName"])["Table"]
    assert found["KeySchema"] == wanted["KeySchema"]
    indexes = [index["IndexName"] for index in found.get("GlobalSecondaryIndexes", ())]
    assert indexes == [i["IndexName"] for i in wanted.get("GlobalSecondaryIndexes", ())]
    assert found["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert found["SSEDescription"]["SSEType"] == "KMS"
    assert found["DeletionProtectionEnabled"] is True
    backups = api.describe_continuous_backups(TableName=wanted["TableName"])
    recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"


def test_a_new_delivery_is_announced_to_the_queue_and_a_refused_one_is_kept(
    deployed: AwsNames,
) -> None:
    sqs, events = _api(deployed, "sqs"), _api(deployed, "events")
    url = sqs.get_queue_url(QueueName=deployed.landing_queue)["QueueUrl"]
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert json.loads(answer["RedrivePolicy"])["deadLetterTargetArn"].endswith(
        f":{deployed.dead_letters}"
    )
    assert answer["KmsMasterKeyId"]
    rule = events.describe_rule(Name=deployed.landing_queue)
    detail = json.loads(rule["EventPattern"])["detail"]
    assert detail["bucket"]["name"] == [deployed.bucket("raw")]
    prefix = detail["object"]["key"][0]["prefix"]
    assert f"s3://{deployed.bucket('raw')}/{prefix}" == f"{deployed.landing}/"
    (target,) = events.list_targets_by_rule(Rule=deployed.landing_queue)["Targets"]
    assert target["Arn"] == answer["QueueArn"]
    senders = json.loads(answer["Policy"])["Statement"]
    assert {s["Principal"]["Service"] for s in senders if s["Effect"] == "Allow"} == {
        "events.amazonaws.com"
    }


def test_every_database_lies_where_its_tables_do(deployed: AwsNames) -> None:
    glue = _api(deployed, "glue")
    for schema in LAYER_OF:
        found = glue.get_database(Name=deployed.database(schema))["Database"]
        assert found["LocationUri"] == deployed.schema_location(schema)
    assert glue.get_database(Name=deployed.temporary_database)


def test_a_workgroup_limits_and_hides_what_it_reads(deployed: AwsNames) -> None:
    api, settings = _api(deployed, "athena"), Settings()
    own = {deployed.workgroup: (deployed.query_results, settings.scan_limit_gb)}
    readers = {
        deployed.reader_workgroup(r): (deployed.reader_results(r), settings.reader_scan_limit_gb)
        for r in settings.readers
    }
    places = set()
    for name, (results, limit) in (own | readers).items():
        found = api.get_work_group(WorkGroup=name)["WorkGroup"]["Configuration"]
        assert found["EnforceWorkGroupConfiguration"] is True
        assert found["BytesScannedCutoffPerQuery"] == limit * 2**30
        assert found["ResultConfiguration"]["OutputLocation"] == f"{results}/"
        places.add(results)
    assert len(places) == 1 + len(readers)


def test_every_script_is_a_job_and_a_secret_stands_for_a_password(deployed: AwsNames) -> None:
    glue = _api(deployed, "glue")
    for script in scripts():
        job = glue.get_job(JobName=deployed.glue_job(script))["Job"]
        assert (job["GlueVersion"], job["MaxRetries"]) == ("5.0", 0)
        assert job["Role"].endswith(f":role/{deployed.role('glue')}")
    assert {"customer_360", "customer_history"} <= set(scripts())
    connection = glue.get_connection(Name=deployed.core_banking_connection)["Connection"]
    properties = connection["ConnectionProperties"]
    assert properties["SECRET_ID"] == deployed.core_banking_secret
    assert not {"USERNAME", "PASSWORD"} & set(properties)
    secret = _api(deployed, "secretsmanager").describe_secret(SecretId=deployed.core_banking_secret)
    assert secret["KmsKeyId"]


def test_the_state_machine_is_the_one_that_is_tested(deployed: AwsNames) -> None:
    from infra.fan_out import DEFINITION

    found = _api(deployed, "stepfunctions").describe_state_machine(
        stateMachineArn=deployed.state_machine_arn
    )
    assert json.loads(found["definition"]) == json.loads(DEFINITION.read_text("utf-8"))
    assert found["roleArn"] == deployed.role_arn("queries")


def test_what_wakes_somebody(deployed: AwsNames) -> None:
    found = _api(deployed, "cloudwatch").describe_alarms()["MetricAlarms"]
    watched = {(a["Namespace"], a["MetricName"]) for a in found}
    assert {
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible"),
        ("AWS/DynamoDB", "ReadThrottleEvents"),
        ("AWS/Athena", "ProcessedBytes"),
        ("AWS/States", "ExecutionThrottled"),
    } <= watched
    topic = f":{deployed.alarm_topic}"
    assert all(a["AlarmActions"][0].endswith(topic) for a in found)
    rules = _api(deployed, "events").list_rules()["Rules"]
    kinds = {k for r in rules for k in json.loads(r["EventPattern"])["detail-type"]}
    assert {"Glue Job State Change", "EMR Serverless Job Run State Change"} <= kinds


def test_a_role_is_taken_by_its_service_or_by_a_person_with_a_second_factor(
    deployed: AwsNames,
) -> None:
    iam = _api(deployed, "iam")
    for service in ("code_location", "queries", "glue", "emr", "lake_formation"):
        role = iam.get_role(RoleName=deployed.role(service))["Role"]
        (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert set(trust["Principal"]) == {"Service"}, service
    for reader in Settings().readers:
        role = iam.get_role(RoleName=deployed.role(reader))["Role"]
        (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Condition"] == {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
        assert iam.list_role_policies(RoleName=deployed.role(reader))["PolicyNames"]


def test_nobody_sees_a_class_above_his_own(deployed: AwsNames) -> None:
    api, settings = _api(deployed, "lakeformation"), Settings()
    tag = api.get_lf_tag(TagKey=deployed.personal_data_tag)
    assert sorted(tag["TagValues"]) == sorted(CLASSES)
    granted: dict[str, list[list[str]]] = {}
    for grant in api.list_permissions()["PrincipalResourcePermissions"]:
        who = grant["Principal"]["DataLakePrincipalIdentifier"]
        if "SELECT" in grant["Permissions"]:
            (expression,) = grant["Resource"].get("LFTagPolicy", {}).get("Expression", [{}])
            granted.setdefault(who, []).append(expression.get("TagValues", ["all"]))
    readers = {deployed.role_arn(r): list(settings.classes_of(r)) for r in settings.readers}
    assert {who: classes for who, classes in granted.items() if who in readers} == {
        who: [classes] for who, classes in readers.items()
    }
    everything = {who for who, classes in granted.items() if ["all"] in classes}
    assert everything == {deployed.role_arn("code_location"), deployed.role_arn("queries")}


def test_a_column_gets_the_class_of_its_contract_and_a_new_one_is_hidden(
    deployed: AwsNames,
) -> None:
    from infra.classify import classify

    table, glue = contract("stage.customer"), _api(deployed, "glue")
    glue.create_table(
        DatabaseName=deployed.database("stage"),
        TableInput={
            "Name": table.name,
            "StorageDescriptor": {
                "Columns": [{"Name": c.name, "Type": "string"} for c in table.columns]
            },
        },
    )
    done = classify(deployed)
    assert classify(deployed) == done
    assert done.tables == 1
    assert "profile.customer_360" in done.missing
    api, database = _api(deployed, "lakeformation"), deployed.database("stage")
    columns = {
        "DatabaseName": database,
        "Name": table.name,
        "ColumnNames": [c.name for c in table.columns],
    }
    found = api.get_resource_lf_tags(Resource={"TableWithColumns": columns})
    seen = {c["Name"]: c["LFTags"][0]["TagValues"] for c in found["LFTagsOnColumns"]}
    assert seen == {c.name: [c.pii] for c in table.columns}
    assert len({c.pii for c in table.columns}) > 2
    # Until then it has the class of its database.
    (inherited,) = api.get_resource_lf_tags(Resource={"Database": {"Name": database}})[
        "LFTagOnDatabase"
    ]
    highest = max(CLASSES.index(c.pii) for c in table.columns)
    assert CLASSES.index(inherited["TagValues"][0]) >= highest
