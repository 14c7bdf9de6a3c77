"""AWS's refusals are reported with what was tried, on what, and what to do."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import pytest

from resources.account import client as aws_client
from resources.account.aws_names import AwsNames
from resources.account.client import client
from resources.account.errors import AwsError, explained
from tests.aws.whole.hooks import on_request, refused

REGION = "eu-central-1"


def error_of(action: Callable[[], object]) -> AwsError:
    with pytest.raises(AwsError) as caught, explained("read", "s3://bucket/key"):
        action()
    text = str(caught.value)
    assert text.startswith("Cannot read s3://bucket/key: ")
    assert "\n" not in text
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    return caught.value


@pytest.mark.parametrize(
    ("code", "operation", "message", "says", "transient"),
    [
        ("ExpiredToken", "GetObject", "", "have expired. Sign in again", False),
        ("ExpiredTokenException", "Query", "", "have expired", False),
        ("UnrecognizedClientException", "Query", "", "does not accept the credentials", False),
        ("InvalidAccessKeyId", "GetObject", "", "does not accept the credentials", False),
        ("NoSuchBucket", "ListObjectsV2", "", "it does not exist. Check", False),
        ("404", "HeadObject", "Not Found", "it does not exist. Check", False),
        ("403", "HeadObject", "Forbidden", "access is denied", False),
        ("ResourceNotFoundException", "DescribeTable", "", "it does not exist", False),
        ("EntityNotFoundException", "StartJobRun", "", "it does not exist", False),
        ("StateMachineDoesNotExist", "StartExecution", "", "it does not exist", False),
        ("QueueDoesNotExist", "ReceiveMessage", "", "it does not exist", False),
        ("InvalidRequestException", "StartQueryExecution", "X is not found.", "not exist", False),
        ("SlowDown", "PutObject", "", "throttled the call after up to 10 attempts", True),
        ("ThrottlingException", "StartJobRun", "", "throttled", True),
        ("ConcurrentRunsExceededException", "StartJobRun", "", "throttled", True),
        ("InternalServerError", "Query", "", "Run it again", True),
        ("InvalidInputException", "CreateTable", "x is wrong", ": x is wrong.", False),
    ],
)  # fmt: skip
def test_an_answer_of_aws(
    code: str, operation: str, message: str, says: str, transient: bool
) -> None:
    def act() -> None:
        raise refused(code, operation, message)

    error = error_of(act)
    assert says in str(error)
    assert (error.code, error.transient) == (code, transient)


def test_who_may_not_do_what_on_what() -> None:
    message = (
        "User: arn:aws:sts::123456789012:assumed-role/analyst/me is not authorized to perform: "
        "s3:GetObject on resource: arn:aws:s3:::bucket/key because no identity-based policy allows"
    )

    def act() -> None:
        raise refused("AccessDenied", "GetObject", message)

    text = str(error_of(act))
    assert (
        "Allow s3:GetObject on s3://bucket/key for arn:aws:sts::123456789012:assumed-role/" in text
    )


@pytest.mark.parametrize(
    "operation", ["BatchWriteItem", "UpdateItem", "StartQueryExecution", "PutSecretValue"]
)
def test_what_may_quote_data_is_not_shown(operation: str) -> None:
    def act() -> None:
        raise refused("ValidationException", operation, "value 4711000011112222 is no number")

    error = error_of(act)
    assert "4711" not in str(error)
    assert "ValidationException" in str(error)


def test_what_is_no_refusal_of_aws_passes() -> None:
    with pytest.raises(ZeroDivisionError), explained("read", "x"):
        1 / 0  # noqa: B018
    with pytest.raises(AwsError, match=r"^inner$"), explained("read", "x"):
        raise AwsError("inner", "Code")


@pytest.fixture
def nobody(aws_endpoint: str, tmp_path: Path) -> None:
    """Provide a process without credentials."""
    aws_client._client.cache_clear()
    empty = {"AWS_ENDPOINT_URL": aws_endpoint, "AWS_EC2_METADATA_DISABLED": "true",
             "HOME": str(tmp_path), "AWS_CONFIG_FILE": str(tmp_path / "config"),
             "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials")}  # fmt: skip
    with mock.patch.dict(os.environ, empty):
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
            os.environ.pop(name, None)
        yield
    aws_client._client.cache_clear()


@pytest.mark.usefixtures("nobody")
def test_no_credentials() -> None:
    error = error_of(lambda: client("s3", REGION).list_buckets())
    assert "no AWS credentials were found. Give this process a role, or sign in" in str(error)


@pytest.mark.usefixtures("nobody")
def test_a_profile_that_is_not_configured() -> None:
    with mock.patch.dict(os.environ, AWS_PROFILE="nowhere"):
        error = error_of(lambda: client("s3", REGION))
    assert "no AWS credentials were found" in str(error)


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws_client, "ATTEMPTS", 1)
    address = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "testing",
               "AWS_SECRET_ACCESS_KEY": "testing"}  # fmt: skip
    with mock.patch.dict(os.environ, address):
        error = error_of(lambda: client("sqs", REGION).list_queues())
    assert "could not be reached" in str(error)
    assert error.transient
    aws_client._client.cache_clear()


def test_one_bucket_that_is_forbidden_is_named(aws: AwsNames) -> None:
    from resources.s3.landing import S3Landing

    def forbid(params: dict[str, str]) -> dict[str, str]:
        if params["Bucket"] == aws.bucket("raw"):
            raise refused("AccessDenied", "ListObjectsV2", "Access Denied")
        return params

    s3 = client("s3", aws.region)
    with on_request(s3, "ListObjectsV2", forbid):
        with pytest.raises(AwsError) as caught:
            S3Landing(aws.landing, aws.region).list()
        assert S3Landing(aws.temporary, aws.region).list() == []
    assert f"Cannot list {aws.landing}/: access is denied" in str(caught.value)


def test_a_missing_database_job_machine_and_secret(aws: AwsNames) -> None:
    machine = aws.state_machine_arn.replace(aws.environment, "nowhere")
    asked: list[Callable[[], object]] = [
        lambda: client("glue", aws.region).get_table(DatabaseName="nowhere", Name="t"),
        lambda: client("glue", aws.region).start_job_run(JobName="nowhere"),
        lambda: client("secretsmanager", aws.region).get_secret_value(SecretId="nowhere"),
        lambda: client("stepfunctions", aws.region).describe_state_machine(stateMachineArn=machine),
        lambda: client("dynamodb", aws.region).describe_table(TableName="nowhere"),
        lambda: client("sqs", aws.region).get_queue_url(QueueName="nowhere"),
        lambda: client("s3", aws.region).get_object(Bucket=aws.bucket("raw"), Key="nowhere"),
    ]
    for ask in asked:
        assert "it does not exist. Check that CUSTOMER360_DEPLOYMENT" in str(error_of(ask))
