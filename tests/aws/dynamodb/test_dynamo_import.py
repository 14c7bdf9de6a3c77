"""The first load from files: the same table that a load makes item by item."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from resources.account.aws_names import AwsNames
from resources.account.client import client
from resources.dynamodb import first_load as dynamo_import
from resources.dynamodb.first_load import import_profiles, write_files
from resources.dynamodb.profile_store import DynamoProfileStore
from resources.protocols.profile_store import ProfileStoreError, Served
from tests.aws.dynamodb import import_files
from tests.aws.whole.hooks import on_answer, on_request
from tests.profile_store.store_profiles import items_kept, profiles

json_as_it_is = import_files.json_as_it_is
MONDAY, TUESDAY = dt.date(2024, 5, 27), dt.date(2024, 5, 28)
CLIENTS = 130


@pytest.fixture
def store(aws: AwsNames, monkeypatch: pytest.MonkeyPatch) -> DynamoProfileStore:
    monkeypatch.setattr(dynamo_import, "PER_FILE", 50)
    return DynamoProfileStore(aws.profile_table, aws.region)


@pytest.fixture
def loaded(store: DynamoProfileStore) -> list[dict[str, Any]]:
    """Return the items of a generation that was loaded item by item, and drop the table."""
    store.load(MONDAY, "run-1", profiles(MONDAY, CLIENTS))
    pages = client("dynamodb", "eu-central-1").get_paginator("scan").paginate(TableName=store.table)
    items = [item for page in pages for item in page["Items"]]
    client("dynamodb", "eu-central-1").delete_table(TableName=store.table)
    return _without_generation(items)


def _without_generation(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    plain = [
        i | {key: {"S": i[key]["S"].partition("/")[2]} for key in ("item", "branch") if key in i}
        for i in items
        if i["item"]["S"] != "pointer"
    ]
    return sorted(plain, key=lambda i: (i["item"]["S"], int(i["client_id"]["N"])))


def _files(aws: AwsNames) -> dict[str, bytes]:
    s3, bucket = client("s3", aws.region), aws.bucket("analytics")
    found = s3.list_objects_v2(Bucket=bucket).get("Contents", ())
    return {i["Key"]: s3.get_object(Bucket=bucket, Key=i["Key"])["Body"].read() for i in found}


def test_the_files_hold_exactly_the_items_of_a_load(
    aws: AwsNames, loaded: list[dict[str, Any]], tmp_path: Path
) -> None:
    folder = f"{aws.temporary}/files/"
    written = write_files(aws, folder, profiles(MONDAY, CLIENTS), tmp_path)
    files = _files(aws)
    assert [key.rpartition("/")[2] for key in files] == [f"{n:06d}.json.gz" for n in range(3)]
    lines = [ln for body in files.values() for ln in gzip.decompress(body).decode().splitlines()]
    assert _without_generation([json.loads(line)["Item"] for line in lines]) == loaded
    assert (written.profiles, written.items) == (CLIENTS, len(loaded))


def test_an_imported_table_is_the_loaded_one_and_goes_on(
    aws: AwsNames, store: DynamoProfileStore, loaded: list[dict[str, Any]], tmp_path: Path
) -> None:
    rows = profiles(MONDAY, CLIENTS)
    assert import_profiles(aws, MONDAY, "run-1", rows, tmp_path, poll_seconds=0.05) == CLIENTS
    scanned = client("dynamodb", aws.region).scan(TableName=store.table)["Items"]
    assert _without_generation(scanned) == loaded
    assert store.current() == Served(MONDAY, "run-1")
    assert store.get(5)["web_bounce_rate"] == 5 / 3
    assert len(store.by_branch(3)) == sum(c % 10 == 3 and c % 7 > 0 for c in range(CLIENTS))
    assert _files(aws) == {}
    store.load(TUESDAY, "run-2", profiles(TUESDAY, 20))
    assert items_kept(store) == 20


def test_a_table_that_is_there_is_not_imported_over(
    aws: AwsNames, store: DynamoProfileStore, tmp_path: Path
) -> None:
    store.load(MONDAY, "run-1", profiles(MONDAY, 10))
    with pytest.raises(ProfileStoreError, match="exists: only a table that does not"):
        import_profiles(aws, TUESDAY, "run-2", profiles(TUESDAY, 5), tmp_path)
    assert store.current() == Served(MONDAY, "run-1")


@pytest.mark.usefixtures("loaded")
def test_an_import_that_lost_items_serves_nothing(aws: AwsNames, tmp_path: Path) -> None:
    dynamo = client("dynamodb", aws.region)

    def lose(parsed: dict[str, Any]) -> None:
        described = parsed["ImportTableDescription"]
        described["ImportedItemCount"] = max(0, described["ImportedItemCount"] - 1)

    with (
        on_answer(dynamo, "DescribeImport", lose),
        pytest.raises(ProfileStoreError, match=r"took \d+ of \d+ items: COMPLETED"),
    ):
        import_profiles(
            aws, MONDAY, "run-1", profiles(MONDAY, CLIENTS), tmp_path, poll_seconds=0.05
        )
    assert aws.profile_table not in dynamo.list_tables()["TableNames"]
    assert _files(aws) == {}


@pytest.mark.usefixtures("loaded")
def test_a_client_twice_makes_no_table(aws: AwsNames, tmp_path: Path) -> None:
    twice = [*profiles(MONDAY, 60), *profiles(MONDAY, 1, first=7)]
    with pytest.raises(ProfileStoreError, match=r"^a client_id is null or comes twice$"):
        import_profiles(aws, MONDAY, "run-1", twice, tmp_path)
    tables = client("dynamodb", aws.region).list_tables()["TableNames"]
    assert aws.profile_table not in tables
    assert _files(aws) == {}


@pytest.mark.usefixtures("loaded")
def test_an_import_that_was_killed_before_it_served_leaves_nothing_behind(
    aws: AwsNames, store: DynamoProfileStore, tmp_path: Path
) -> None:
    dynamo = client("dynamodb", aws.region)

    def die(_params: dict[str, Any]) -> dict[str, Any]:
        raise KeyboardInterrupt

    with on_request(dynamo, "PutItem", die), pytest.raises(KeyboardInterrupt):
        import_profiles(
            aws, MONDAY, "run-1", profiles(MONDAY, CLIENTS), tmp_path, poll_seconds=0.05
        )
    assert store.current() is None
    assert items_kept(store) == CLIENTS
    store.load(MONDAY, "run-2", profiles(MONDAY, 30))
    assert items_kept(store) == 30
