"""The resources that the assets of an environment are given."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from unittest import mock

import dagster as dg
import pytest

from resources.account.client import client
from resources.deployment.deployment import Deployment
from resources.protocols.archive import Content
from resources.wiring.aws_storage import storage_resources
from tests.profile_store.store_profiles import profiles

MONDAY = dt.date(2024, 5, 27)


def test_each_resource_works_on_its_own_environment(aws_deployment: Deployment) -> None:
    names = aws_deployment.aws
    outside = dg.build_init_resource_context()
    landing, archive, ledger, store = (
        storage_resources(aws_deployment)[name].create_resource(outside)
        for name in ("landing", "archive", "ledger", "store")
    )
    ledger.note("key", "identity")
    s3, bucket = client("s3", names.region), names.bucket("raw")
    s3.put_object(Bucket=bucket, Key="landing/card/a.csv", Body=b"abc")
    (file,) = landing.list("card", "*.csv")
    with landing.open(file.key) as opened:
        content = archive.put([opened.read()])
    assert content == Content(content.sha256, 3)
    assert archive.path(content.sha256).is_relative_to(aws_deployment.home)
    store.load(MONDAY, "run-1", profiles(MONDAY, 3))
    assert store.get(2)["client_id"] == 2
    kept = {item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]}
    assert kept == {
        "landing/card/a.csv",
        f"archive/content/{content.sha256[:2]}/{content.sha256}",
        "archive/ledger",
    }
    assert ledger.noted("key") == "identity"


def test_making_them_asks_nothing_of_aws(aws_deployment: Deployment) -> None:
    outside = dg.build_init_resource_context()
    with mock.patch.dict(os.environ, AWS_ENDPOINT_URL="http://127.0.0.1:9"):
        for resource in storage_resources(aws_deployment).values():
            resource.create_resource(outside)
    assert not aws_deployment.home.exists()


def test_a_local_deployment_has_none(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no environment on AWS"):
        storage_resources(Deployment(home=tmp_path))
