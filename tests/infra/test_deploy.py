"""A deployment shows what it would do, does it, and does nothing the second time."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.deploy import deploy_stack
from infra.template import BODY_LIMIT, Json, text_of
from resources.account.aws_names import AwsNames
from resources.account.client import client
from tests.patience import PATIENCE

EMPTY: Json = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {}}


def _template(names: AwsNames, *queues: str, padding: int = 0) -> Json:
    made = copy.deepcopy(EMPTY)
    for queue in queues:
        made["Resources"][queue.capitalize()] = {
            "Type": "AWS::SQS::Queue",
            "Metadata": {"padding": "x" * padding},
            "Properties": {"QueueName": f"{names.base}-{queue}"},
        }
    return made


def _queues(names: AwsNames) -> set[str]:
    found = client("sqs", names.region).list_queues(QueueNamePrefix=f"{names.base}-test-")
    return {url.rpartition("-")[2] for url in found.get("QueueUrls", [])}


def test_shown_before_it_is_done_and_done_once(deployed: AwsNames) -> None:
    one = _template(deployed, "test-a")
    assert list(deploy_stack(deployed, "one", one, {}, do=False)) == ["Add AWS::SQS::Queue Test-a"]
    assert "a" not in _queues(deployed)
    reported = list(deploy_stack(deployed, "one", one, {}, do=True))
    assert reported == ["Add AWS::SQS::Queue Test-a", "done"]
    assert "a" in _queues(deployed)


def test_a_change_is_shown_and_made(deployed: AwsNames) -> None:
    list(deploy_stack(deployed, "two", _template(deployed, "test-b"), {}, do=True))
    more = _template(deployed, "test-b", "test-c")
    assert "Add AWS::SQS::Queue Test-c" in list(deploy_stack(deployed, "two", more, {}, do=False))
    assert "c" not in _queues(deployed)
    list(deploy_stack(deployed, "two", more, {}, do=True))
    assert {"b", "c"} <= _queues(deployed)


def test_a_template_that_a_call_cannot_carry_is_read_from_the_foundations_bucket(
    deployed: AwsNames, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The emulated account is reached by plain HTTP, which the bucket's policy refuses.
    s3, bucket = client("s3", deployed.region), deployed.bucket("analytics")
    closed = s3.get_bucket_policy(Bucket=bucket)["Policy"]
    s3.delete_bucket_policy(Bucket=bucket)
    large = _template(deployed, "test-d", padding=BODY_LIMIT)
    assert len(text_of(large)) > BODY_LIMIT
    list(deploy_stack(deployed, "large", large, {}, do=True))
    assert "d" in _queues(deployed)
    found = s3.list_objects_v2(Bucket=bucket, Prefix="code/templates/")
    s3.put_bucket_policy(Bucket=bucket, Policy=closed)
    (stored,) = found["Contents"]
    assert stored["Size"] == len(text_of(large))
    assert deployed.stack("large") in stored["Key"]


def test_without_credentials_one_line_says_what_to_do(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "infra", "deploy", f"aws://{'1' * 12}/eu-central-1/prod"],
        cwd=Path(__file__).resolve().parents[2],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "AWS_EC2_METADATA_DISABLED": "true",
        },
        capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "no AWS credentials were found" in line
    assert "customer360-prod-foundation" in line
