from __future__ import annotations

import os

from resources.account.aws_names import LAYERS, AwsNames
from resources.account.client import client
from resources.deployment.deployment import Deployment, deployment


def test_the_environment_is_there_and_the_variables_name_it(
    aws: AwsNames, aws_deployment: Deployment
) -> None:
    buckets = {b["Name"] for b in client("s3", aws.region).list_buckets()["Buckets"]}
    assert {aws.bucket(layer) for layer in LAYERS} <= buckets
    described = client("dynamodb", aws.region).describe_table(TableName=aws.profile_table)["Table"]
    assert described["TableStatus"] == "ACTIVE"
    found = {d["Name"] for d in client("glue", aws.region).get_databases()["DatabaseList"]}
    assert aws.temporary_database in found
    assert deployment().aws == aws == aws_deployment.aws


def test_two_environments_have_nothing_in_common(aws: AwsNames, aws_endpoint: str) -> None:
    from tests.aws.environment import new_environment

    inside = os.environ["CUSTOMER360_DEPLOYMENT"]
    with new_environment(aws_endpoint) as other:
        assert not {aws.bucket(layer) for layer in LAYERS} & {other.bucket(b) for b in LAYERS}
        assert os.environ["CUSTOMER360_DEPLOYMENT"] != inside
    assert os.environ["CUSTOMER360_DEPLOYMENT"] == inside


def test_one_client_of_a_service(aws: AwsNames) -> None:
    assert client("s3", aws.region) is client("s3", aws.region)
    assert client("s3", aws.region) is not client("sqs", aws.region)
