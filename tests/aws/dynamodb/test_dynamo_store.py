"""The profile store on DynamoDB: its items, and what happens when the table does not keep up."""

from __future__ import annotations

import datetime as dt
import random
import threading
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from resources.account.aws_names import AwsNames
from resources.account.client import client
from resources.account.errors import AwsError
from resources.dynamodb import writer as dynamo_writer
from resources.dynamodb.items import item_texts
from resources.dynamodb.profile_store import DynamoProfileStore
from resources.protocols.profile_store import ProfileStoreError, Served
from tests.aws.whole.hooks import on_answer, on_request, refused
from tests.profile_store.store_profiles import items_kept, keys_kept, profiles, rows

MONDAY, TUESDAY = dt.date(2024, 5, 27), dt.date(2024, 5, 28)


@pytest.fixture
def store(aws: AwsNames) -> DynamoProfileStore:
    return DynamoProfileStore(aws.profile_table, aws.region)


@pytest.fixture
def dynamo(aws: AwsNames) -> Any:
    return client("dynamodb", aws.region)


def test_every_kind_of_value_comes_back_as_it_was(store: DynamoProfileStore) -> None:
    digits = "9" * 36
    given = {
        "money": (pa.decimal128(38, 2), [Decimal(f"-{digits}.90"), Decimal("0.00"), None]),
        "rate": (pa.float64(), [1 / 3, -1e-120, None]),
        "count": (pa.int64(), [2**63 - 1, -(2**63), None]),
        "flag": (pa.bool_(), [True, False, None]),
        "day": (pa.date32(), [MONDAY, dt.date(1, 1, 1), None]),
        "seen_at": (pa.timestamp("us"), [dt.datetime(2024, 5, 27, 1, 2, 3, 40), None, None]),  # noqa: DTZ001
        'text "é\\': (pa.string(), ['\x01"\\\n🙂', "", None]),
    }
    store.load(MONDAY, "run-1", rows(**given))
    first, second, third = store.by_branch(7)
    assert first == {
        "client_id": 0,
        "branch_id": 7,
        "money": Decimal(f"-{digits}.90"),
        "rate": 1 / 3,
        "count": 2**63 - 1,
        "flag": True,
        "day": "2024-05-27",
        "seen_at": "2024-05-27 01:02:03.00004",
        'text "é\\': '\x01"\\\n🙂',
    }
    assert str(first["money"]) == f"-{digits}.90"
    assert (str(second["money"]), second["rate"]) == ("0.00", -1e-120)
    assert (second["count"], second["flag"]) == (-(2**63), False)
    assert second['text "é\\'] == ""
    assert third == {"client_id": 2, "branch_id": 7}


def test_null_is_no_attribute_and_money_is_a_number(store: DynamoProfileStore, dynamo: Any) -> None:
    amounts = (pa.decimal128(18, 2), [Decimal("12.30"), None])
    store.load(MONDAY, "run-1", rows(amount=amounts))
    items = [i for i in dynamo.scan(TableName=store.table)["Items"] if "branch_id" in i]
    shown = {i["client_id"]["N"]: i.get("amount") for i in items}
    assert shown == {"0": {"N": "12.30"}, "1": None}
    assert not any("NULL" in value for item in items for value in item.values())


def test_negative_and_far_apart_client_ids(store: DynamoProfileStore) -> None:
    ids = [-1, -64, 0, 63, 64, 2**62]
    store.load(MONDAY, "run-1", rows(client_id=(pa.int64(), ids)))
    assert [store.get(n) == {"client_id": n, "branch_id": 7} for n in ids] == [True] * 6
    assert [p["client_id"] for p in store.by_branch(7)] == sorted(ids)


def test_an_item_of_400_kb_is_taken_and_a_larger_one_refused(store: DynamoProfileStore) -> None:
    fits, nearly, too_much = "ä" * 200_000, "ä" * 204_750, "ä" * 204_800
    assert len(list(item_texts(*rows(long_text=(pa.string(), [nearly])), 1))) == 1
    store.load(MONDAY, "run-1", rows(long_text=(pa.string(), [fits])))
    assert store.get(0)["long_text"] == fits
    with pytest.raises(
        ProfileStoreError, match=r"takes 409,600 .* Column long_text has 409,609"
    ) as raised:
        store.load(TUESDAY, "run-2", rows(long_text=(pa.string(), ["x", too_much])))
    assert "ä" not in str(raised.value)
    assert store.current() == Served(MONDAY, "run-1")


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        (pa.float64(), float("inf"), "column x: a number that DynamoDB cannot hold"),
        (pa.float64(), float("nan"), "column x: a number that DynamoDB cannot hold"),
        (pa.float64(), 1e-200, "column x: a number that DynamoDB cannot hold"),
        (pa.list_(pa.int64()), [1], "column x: the store has no type for list"),
        (pa.binary(), b"x", "column x: the store has no type for binary"),
    ],
)
def test_what_cannot_be_kept_exactly_is_refused(
    store: DynamoProfileStore, kind: pa.DataType, value: object, said: str
) -> None:
    with pytest.raises(ProfileStoreError, match=said):
        store.load(MONDAY, "run-1", rows(x=(kind, [value])))
    assert store.current() is None


def test_items_that_the_table_did_not_take_are_sent_again(
    store: DynamoProfileStore, dynamo: Any
) -> None:
    chance, held_back, waiting = random.Random(1), [], threading.local()  # noqa: S311

    def part(params: dict[str, Any]) -> dict[str, Any]:
        ((table, batch),) = params["RequestItems"].items()
        kept = [r for r in batch if chance.random() < 0.6] or batch[:1]
        waiting.items = [r for r in batch if r not in kept]
        held_back.extend(waiting.items)
        return {**params, "RequestItems": {table: kept}}

    def say(parsed: dict[str, Any]) -> None:
        if waiting.items:
            parsed["UnprocessedItems"] = {store.table: waiting.items}

    with on_request(dynamo, "BatchWriteItem", part), on_answer(dynamo, "BatchWriteItem", say):
        done = store.load(MONDAY, "run-1", profiles(MONDAY, 400))
    assert len(held_back) > 100
    assert done.items == items_kept(store) == 400
    assert {p["client_id"] for p in store.by_branch(3)} == {
        c for c in range(400) if c % 10 == 3 and c % 7
    }


def test_a_loss_that_nobody_reports_is_not_served(
    store: DynamoProfileStore, dynamo: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin of the test above: a table that drops items and says nothing."""
    from resources.dynamodb import generation as dynamo_generation

    monkeypatch.setattr(dynamo_generation, "INDEX_SECONDS", 0.5)
    store.load(MONDAY, "run-1", profiles(MONDAY, 10))

    def lose(params: dict[str, Any]) -> dict[str, Any]:
        ((table, batch),) = params["RequestItems"].items()
        return {**params, "RequestItems": {table: batch[:-1] if len(batch) > 20 else batch}}

    with (
        on_request(dynamo, "BatchWriteItem", lose),
        pytest.raises(ProfileStoreError, match="does not show"),
    ):
        store.load(TUESDAY, "run-2", profiles(TUESDAY, 100))
    assert store.current() == Served(MONDAY, "run-1")
    assert store.get(1)["business_date"] == "2024-05-27"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dynamo_writer, "_LONGEST_WAIT", 0.01)


@pytest.mark.usefixtures("impatient")
def test_throttled_requests_are_sent_again(store: DynamoProfileStore, dynamo: Any) -> None:
    refusals = iter([True] * 6)

    def throttle(params: dict[str, Any]) -> dict[str, Any]:
        if next(refusals, False):
            raise refused("ProvisionedThroughputExceededException", "BatchWriteItem")
        return params

    with on_request(dynamo, "BatchWriteItem", throttle):
        store.load(MONDAY, "run-1", profiles(MONDAY, 200))
    assert next(refusals, None) is None
    assert items_kept(store) == 200


@pytest.mark.usefixtures("impatient")
def test_a_table_that_takes_nothing_ends_the_load_and_serves_what_it_served(
    store: DynamoProfileStore, dynamo: Any
) -> None:
    store.load(MONDAY, "run-1", profiles(MONDAY, 10))

    def throttle(_params: dict[str, Any]) -> dict[str, Any]:
        raise refused("ThrottlingException", "BatchWriteItem")

    with (
        on_request(dynamo, "BatchWriteItem", throttle),
        pytest.raises(AwsError, match="took nothing in 12 attempts") as raised,
    ):
        store.load(TUESDAY, "run-2", profiles(TUESDAY, 200))
    assert raised.value.transient
    assert store.current() == Served(MONDAY, "run-1")
    assert len(store.by_branch(1)) == 1
    store.load(TUESDAY, "run-3", profiles(TUESDAY, 5))
    assert items_kept(store) == 5


@pytest.mark.slow
def test_a_load_that_lost_its_lease_serves_nothing(aws: AwsNames) -> None:
    """Its process stood still for longer than the lease, and another load took its place."""
    from unittest import mock

    from resources.dynamodb.lease import Lease

    store, other = (
        DynamoProfileStore(aws.profile_table, aws.region, lease_seconds=2) for _ in range(2)
    )

    def overtaken() -> Any:
        yield from profiles(TUESDAY, 30)
        with mock.patch.object(Lease, "_live", live):
            other.load(MONDAY, "run-other", profiles(MONDAY, 20))
        yield from profiles(TUESDAY, 30, first=30)

    live = Lease._live
    with (
        mock.patch.object(Lease, "_live", return_value=None),
        pytest.raises(ProfileStoreError, match="another replaced it"),
    ):
        store.load(TUESDAY, "run-still", overtaken())
    assert store.current() == Served(MONDAY, "run-other")
    assert items_kept(store) == 20
    store.load(TUESDAY, "run-again", profiles(TUESDAY, 10))
    kept = keys_kept(store)
    assert {key.partition("/")[0] for key in kept} == {"pointer", "4"}


def test_a_missing_table_is_reported(aws: AwsNames) -> None:
    nowhere = DynamoProfileStore("customer360-nowhere", aws.region)
    for ask in (nowhere.current, lambda: nowhere.get(1), lambda: nowhere.load(MONDAY, "r", [])):
        with pytest.raises(AwsError, match="table customer360-nowhere: it does not exist"):
            ask()
