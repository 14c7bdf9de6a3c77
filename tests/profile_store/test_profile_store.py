from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from resources.dynamodb.profile_store import DynamoProfileStore
from resources.embedded.sqlite_profile_store import SqliteProfileStore
from resources.protocols.profile_store import LoadResult, ProfileStore, ProfileStoreError, Served
from tests.profile_store.store_profiles import (
    SCHEMA,
    change_items,
    items_kept,
    lose_one_item,
    profiles,
)

MONDAY, TUESDAY = dt.date(2024, 5, 27), dt.date(2024, 5, 28)


@pytest.fixture(params=["sqlite", "dynamodb"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ProfileStore:
    if request.param == "sqlite":
        return SqliteProfileStore(tmp_path / "serving" / "customer_profile.db")
    aws = request.getfixturevalue("aws")
    return DynamoProfileStore(aws.profile_table, aws.region)


def test_before_the_first_load_there_is_nothing(store: ProfileStore) -> None:
    assert store.current() is None
    assert store.get(1) is None
    assert store.by_branch(1) == []
    assert items_kept(store) == 0


def test_a_profile_comes_back_exactly(store: ProfileStore) -> None:
    done = store.load(MONDAY, "run-1", profiles(MONDAY, 2_500))
    assert done == LoadResult(items=2_500, loaded=True, serving=MONDAY, replaced=None)
    assert store.current() == Served(MONDAY, "run-1")
    assert store.get(1) == {
        "business_date": "2024-05-27",
        "client_id": 1,
        "branch_id": 1,
        "history_credit_sum_3m": Decimal(MONDAY.toordinal()) / 100,
        "web_bounce_rate": 1 / 3,
        "web_top_page_1": '/p"1\\é',
    }


def test_money_is_exact_at_its_bounds(store: ProfileStore) -> None:
    amounts = [Decimal("9999999999999999.99"), Decimal("-0.01"), Decimal("0.00")]
    columns = [[MONDAY] * 3, [1, 2, 3], [1] * 3, amounts, [0.0] * 3, ["x"] * 3]
    arrays = [pa.array(c, f.type) for c, f in zip(columns, SCHEMA, strict=True)]
    store.load(MONDAY, "run-1", [pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)])
    assert [p["history_credit_sum_3m"] for p in store.by_branch(1)] == amounts
    assert str(store.get(3)["history_credit_sum_3m"]) == "0.00"


def test_null_is_absent(store: ProfileStore) -> None:
    store.load(MONDAY, "run-1", profiles(MONDAY, 10))
    assert store.get(0).keys() == {
        "business_date",
        "client_id",
        "web_bounce_rate",
        "web_top_page_1",
    }


def test_clients_of_a_branch_in_order(store: ProfileStore) -> None:
    store.load(MONDAY, "run-1", profiles(MONDAY, 50))
    assert [p["client_id"] for p in store.by_branch(4)] == [4, 24, 34, 44]
    assert store.by_branch(99) == []


def test_a_client_that_is_gone_is_gone(store: ProfileStore) -> None:
    store.load(MONDAY, "run-1", profiles(MONDAY, 100))
    done = store.load(TUESDAY, "run-2", profiles(TUESDAY, 60, first=20))
    assert done.replaced == Served(MONDAY, "run-1")
    assert store.get(19) is None
    assert store.get(20)["business_date"] == "2024-05-28"
    assert {p["client_id"] for p in store.by_branch(1)} == {31, 41, 51, 61, 71}
    assert items_kept(store) == 60


def test_an_older_date_does_not_replace_a_newer_one(store: ProfileStore) -> None:
    store.load(TUESDAY, "run-2", profiles(TUESDAY, 10))
    done = store.load(MONDAY, "run-3", profiles(MONDAY, 99))
    served = Served(TUESDAY, "run-2")
    assert done == LoadResult(items=0, loaded=False, serving=TUESDAY, replaced=served)
    assert store.current() == served
    assert store.get(11) is None


def test_a_rollback_serves_an_older_date(store: ProfileStore) -> None:
    store.load(TUESDAY, "run-2", profiles(TUESDAY, 10))
    done = store.load(MONDAY, "run-1", profiles(MONDAY, 20), rollback=True)
    assert done.loaded
    assert store.current() == Served(MONDAY, "run-1")
    assert items_kept(store) == 20


def test_a_date_is_loaded_again(store: ProfileStore) -> None:
    for run in ("run-1", "run-1", "run-2"):
        assert store.load(MONDAY, run, profiles(MONDAY, 10)).loaded
    assert store.current() == Served(MONDAY, "run-2")
    assert items_kept(store) == 10


def test_nobody_can_be_served(store: ProfileStore) -> None:
    store.load(MONDAY, "run-1", profiles(MONDAY, 10))
    assert store.load(TUESDAY, "run-2", []).items == 0
    assert store.get(1) is None
    assert store.current() == Served(TUESDAY, "run-2")


def test_a_client_twice_changes_nothing_and_names_nobody(store: ProfileStore) -> None:
    store.load(MONDAY, "run-1", profiles(MONDAY, 10))
    twice = [*profiles(TUESDAY, 1_000), *profiles(TUESDAY, 1, first=777)]
    with pytest.raises(ProfileStoreError, match=r"^a client_id is null or comes twice$"):
        store.load(TUESDAY, "run-2", twice)
    assert store.current() == Served(MONDAY, "run-1")
    assert store.get(777) is None
    store.load(TUESDAY, "run-3", profiles(TUESDAY, 5))
    assert items_kept(store) == 5


def test_rows_that_stop_coming_change_nothing(store: ProfileStore) -> None:
    def broken() -> Iterator[pa.RecordBatch]:
        yield from profiles(TUESDAY, 3_000)
        raise OSError("the lake is away")

    store.load(MONDAY, "run-1", profiles(MONDAY, 10))
    with pytest.raises(OSError, match="the lake is away"):
        store.load(TUESDAY, "run-2", broken())
    assert store.current() == Served(MONDAY, "run-1")
    assert len(store.by_branch(1)) == 1


@pytest.mark.parametrize("clients", [9, 11])
def test_readers_are_not_switched_to_another_number_of_profiles(
    store: ProfileStore, clients: int
) -> None:
    store.load(MONDAY, "run-1", profiles(MONDAY, 10), expected=10)
    said = rf"^{clients} profiles came of 10; what was served stays"
    with pytest.raises(ProfileStoreError, match=said):
        store.load(TUESDAY, "run-2", profiles(TUESDAY, clients), expected=10)
    assert store.current() == Served(MONDAY, "run-1")
    assert len(store.by_branch(1)) == 1


def test_readers_are_not_switched_when_an_item_is_lost(
    store: ProfileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written is counted where it lies, not where it was sent."""
    store.load(MONDAY, "run-1", profiles(MONDAY, 10), expected=10)
    lose_one_item(store, monkeypatch)
    with pytest.raises(ProfileStoreError, match="what was served stays"):
        store.load(TUESDAY, "run-2", profiles(TUESDAY, 10), expected=10)
    assert store.current() == Served(MONDAY, "run-1")
    assert len(store.by_branch(1)) == 1


def test_readers_are_not_switched_when_a_branch_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SqliteProfileStore(tmp_path / "customer_profile.db")
    store.load(MONDAY, "run-1", profiles(MONDAY, 10), expected=10)
    change_items(monkeypatch, lambda part: [(part[0][0], 99, part[0][2]), *part[1:]])
    with pytest.raises(ProfileStoreError, match=r"^2 branches have other profiles"):
        store.load(TUESDAY, "run-2", profiles(TUESDAY, 10), expected=10)
    assert store.current() == Served(MONDAY, "run-1")
