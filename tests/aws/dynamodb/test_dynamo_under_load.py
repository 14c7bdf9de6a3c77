"""Readers, other loads and kill -9 while a load runs, each in a process of its own."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path

import pytest

from resources.account.aws_names import AwsNames
from resources.dynamodb.profile_store import DynamoProfileStore
from resources.protocols.profile_store import Served
from tests.patience import PATIENCE
from tests.profile_store.store_profiles import items_kept, profiles

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
MONDAY, TUESDAY = dt.date(2024, 5, 27), dt.date(2024, 5, 28)
CLIENTS = 300


@pytest.fixture
def store(aws: AwsNames) -> DynamoProfileStore:
    store = DynamoProfileStore(aws.profile_table, aws.region, lease_seconds=5)
    store.load(MONDAY, "run-monday", profiles(MONDAY, CLIENTS))
    return store


def loading(
    store: DynamoProfileStore, date: dt.date, clients: int, pause: float = 0.0
) -> subprocess.Popen[str]:
    path = f"dynamodb:eu-central-1:{store.table}"
    argv = [
        sys.executable,
        "-m",
        "tests.profile_store.loading",
        path,
        f"{date}",
        f"{clients}",
        f"{pause}",
    ]
    return subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def of_branch(clients: int) -> int:
    return sum(c % 10 == 3 and c % 7 > 0 for c in range(clients))


def test_a_reader_sees_one_date_whole_while_another_is_loaded(store: DynamoProfileStore) -> None:
    process, seen = loading(store, TUESDAY, 900), []
    while not seen or seen[-1][0] != {"2024-05-28"}:
        branch = store.by_branch(3)
        seen.append(({p["business_date"] for p in branch}, len(branch)))
        assert process.poll() in (None, 0)
    assert process.wait() == 0
    whole = {"2024-05-27": of_branch(CLIENTS), "2024-05-28": of_branch(900)}
    assert all(len(dates) == 1 and count == whole[next(iter(dates))] for dates, count in seen)
    assert {next(iter(dates)) for dates, _ in seen} == set(whole)


def test_a_killed_load_leaves_what_was_served_and_the_next_clears_up(
    store: DynamoProfileStore,
) -> None:
    process = loading(store, TUESDAY, 3_000, pause=0.2)
    for _ in range(2):
        process.stdout.readline()
    process.kill()
    process.wait()
    assert items_kept(store) > CLIENTS
    assert store.current() == Served(MONDAY, "run-monday")
    assert {p["business_date"] for p in store.by_branch(3)} == {"2024-05-27"}
    done = store.load(TUESDAY, "again", profiles(TUESDAY, 50))
    assert done.replaced == Served(MONDAY, "run-monday")
    assert items_kept(store) == 50


def test_two_loads_at_once_both_succeed_one_after_the_other(store: DynamoProfileStore) -> None:
    dates = [TUESDAY + dt.timedelta(days=n) for n in range(2)]
    processes = [loading(store, date, clients=200) for date in dates]
    said = [process.communicate(timeout=PATIENCE)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert store.current().business_date == dates[1]
    assert len(store.by_branch(3)) == of_branch(200)
    assert items_kept(store) == 200
    assert "loaded=True" in said[1]
