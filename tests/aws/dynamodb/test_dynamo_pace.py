"""A load takes the capacity that it is given: no more, and all of it, on a simulated clock."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest

from resources.account.aws_names import AwsNames
from resources.account.client import client
from resources.dynamodb.profile_store import DynamoProfileStore
from resources.dynamodb.writer import PER_REQUEST, THREADS
from tests.aws.whole.hooks import on_answer, on_request, refused
from tests.profile_store.store_profiles import items_kept, profiles

MONDAY = dt.date(2024, 5, 27)
UNITS = 200
CLIENTS = 600


class SimulatedClock:
    """A clock that sleeping threads move, at once; those that sleep at the same time overlap."""

    def __init__(self) -> None:
        self.now = 0.0
        self._lock = threading.Lock()
        self._read = threading.local()

    def monotonic(self) -> float:
        self._read.at = self.now
        return self.now

    def sleep(self, seconds: float, /) -> None:
        with self._lock:
            self.now = max(self.now, self._read.at + seconds)


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock()


@pytest.fixture
def store(aws: AwsNames, clock: SimulatedClock) -> DynamoProfileStore:
    return DynamoProfileStore(aws.profile_table, aws.region, write_units=UNITS, clock=clock)


@pytest.fixture
def dynamo(aws: AwsNames) -> Any:
    return client("dynamodb", aws.region)


def test_a_load_takes_no_more_than_its_capacity(
    store: DynamoProfileStore, dynamo: Any, clock: SimulatedClock
) -> None:
    ahead: list[float] = []

    def charge(answer: dict[str, Any]) -> None:
        """Charge what the table would: the emulation counts one unit for each request."""
        answer["ConsumedCapacity"] = [{"CapacityUnits": float(PER_REQUEST)}]
        ahead.append((len(ahead) + 1) * PER_REQUEST - UNITS * clock.now)

    with on_answer(dynamo, "BatchWriteItem", charge):
        store.load(MONDAY, "run-1", profiles(MONDAY, CLIENTS))
    assert len(ahead) >= CLIENTS / PER_REQUEST
    # What is in progress is paid for when its answer states what it took.
    assert max(ahead) <= THREADS * PER_REQUEST
    assert clock.now <= len(ahead) * PER_REQUEST / UNITS


def test_a_refusal_halves_the_pace(
    store: DynamoProfileStore, dynamo: Any, clock: SimulatedClock
) -> None:
    refusals = iter([True] * 3)

    def throttle(params: dict[str, Any]) -> dict[str, Any]:
        if next(refusals, False):
            raise refused("ThrottlingException", "BatchWriteItem")
        return params

    def charge(answer: dict[str, Any]) -> None:
        answer["ConsumedCapacity"] = [{"CapacityUnits": float(PER_REQUEST)}]

    with (
        on_request(dynamo, "BatchWriteItem", throttle),
        on_answer(dynamo, "BatchWriteItem", charge),
    ):
        store.load(MONDAY, "run-1", profiles(MONDAY, CLIENTS))
    assert items_kept(store) == CLIENTS
    assert clock.now > CLIENTS / UNITS
