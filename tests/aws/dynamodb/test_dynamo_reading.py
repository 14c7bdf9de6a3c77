"""Reading the profile store on DynamoDB while it changes, lags or answers in parts."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa
import pytest

from resources.account.aws_names import AwsNames
from resources.account.client import client
from resources.account.errors import AwsError
from resources.dynamodb import reader as dynamo_reader
from resources.dynamodb.profile_store import DynamoProfileStore
from tests.aws.whole.hooks import on_answer, on_request
from tests.profile_store.store_profiles import profiles, rows

MONDAY = dt.date(2024, 5, 27)


@pytest.fixture
def store(aws: AwsNames) -> DynamoProfileStore:
    return DynamoProfileStore(aws.profile_table, aws.region)


@pytest.fixture
def dynamo(aws: AwsNames) -> Any:
    return client("dynamodb", aws.region)


def test_a_large_branch_comes_whole_though_keys_are_left_unread(
    store: DynamoProfileStore, dynamo: Any
) -> None:
    store.load(MONDAY, "run-1", rows(client_id=(pa.int64(), list(range(230)))))
    left = []

    def half(parsed: dict[str, Any]) -> None:
        found = parsed["Responses"][store.table]
        later = [found.pop() for _ in range(len(found) // 2)]
        left.extend(later)
        if later:
            keys = [{"item": i["item"], "client_id": i["client_id"]} for i in later]
            parsed["UnprocessedKeys"] = {store.table: {"Keys": keys}}

    with on_answer(dynamo, "BatchGetItem", half):
        assert [p["client_id"] for p in store.by_branch(7)] == list(range(230))
    assert len(left) > 200


def test_a_read_costs_two_requests(store: DynamoProfileStore, dynamo: Any) -> None:
    """One for the pointer and one for the profile; the columns are read once per version."""
    store.load(MONDAY, "run-1", profiles(MONDAY, 10))
    store.get(1)
    asked: list[str] = []

    def note(params: dict[str, Any]) -> dict[str, Any]:
        asked.append(params["Key"]["item"]["S"])
        assert params["ConsistentRead"]
        return params

    with on_request(dynamo, "GetItem", note):
        assert store.get(2) is not None
    assert asked == ["pointer", "2/02"]


def test_an_index_that_lags_is_waited_for(
    store: DynamoProfileStore, dynamo: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.load(MONDAY, "run-1", profiles(MONDAY, 100))
    whole, lags = store.by_branch(3), iter([True] * 3)

    def lag(parsed: dict[str, Any]) -> None:
        if next(lags, False):
            parsed["Items"].pop()

    with on_answer(dynamo, "Query", lag):
        assert store.by_branch(3) == whole
    assert next(lags, None) is None
    monkeypatch.setattr(dynamo_reader, "PATIENCE_SECONDS", 0.3)
    with (
        on_answer(dynamo, "Query", lambda parsed: parsed["Items"].pop()),
        pytest.raises(AwsError, match="did not agree"),
    ):
        store.by_branch(3)


def test_a_version_that_is_removed_while_it_is_read_is_read_no_further(
    store: DynamoProfileStore, dynamo: Any
) -> None:
    """A load ends between a reader's look at the pointer and its look at the items."""
    store.load(MONDAY, "run-1", profiles(MONDAY, 50))
    other = DynamoProfileStore(store.table, "eu-central-1")
    for ask in (lambda: store.get(3), lambda: store.by_branch(3)):
        before, loads = store.current().business_date, iter([True])

        def overtake(params: dict[str, Any], loads: Any = loads) -> dict[str, Any]:
            is_pointer = params["Key"]["item"]["S"] == "pointer"
            if not is_pointer and next(loads, False):
                day = store.current().business_date + dt.timedelta(days=1)
                other.load(day, "run-n", profiles(day, 40))
            return params

        with on_request(dynamo, "GetItem", overtake):
            found = ask()
        dates = {p["business_date"] for p in (found if isinstance(found, list) else [found])}
        assert dates == {f"{before + dt.timedelta(days=1)}"}
