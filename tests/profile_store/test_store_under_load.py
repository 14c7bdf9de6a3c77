"""Readers, other loads and kill -9 while a load runs, each in a process of its own."""

from __future__ import annotations

import datetime as dt
import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from resources.embedded.sqlite_profile_store import SqliteProfileStore
from resources.protocols.profile_store import Served
from tests.patience import PATIENCE
from tests.profile_store.store_profiles import profiles

ROOT = Path(__file__).parents[2]
MONDAY, TUESDAY = dt.date(2024, 5, 27), dt.date(2024, 5, 28)
CLIENTS = 20_000


@pytest.fixture
def store(tmp_path: Path) -> SqliteProfileStore:
    store = SqliteProfileStore(tmp_path / "profiles.db")
    store.load(MONDAY, "run-monday", profiles(MONDAY, CLIENTS))
    return store


def loading(
    store: SqliteProfileStore, date: dt.date, clients: int = CLIENTS, pause: float = 0.0
) -> subprocess.Popen[str]:
    argv = [
        sys.executable,
        "-m",
        "tests.profile_store.loading",
        store.path,
        f"{date}",
        f"{clients}",
    ]
    return subprocess.Popen(
        [*map(str, argv), str(pause)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def test_a_reader_sees_one_date_whole_while_another_is_loaded(store: SqliteProfileStore) -> None:
    process = loading(store, TUESDAY, clients=CLIENTS // 2)
    seen = []
    while process.poll() is None or seen[-1][0] != {"2024-05-28"}:
        branch = store.by_branch(3)
        seen.append(({p["business_date"] for p in branch}, len(branch)))
        assert process.poll() in (None, 0)
    whole = {date: sum(c % 10 == 3 and c % 7 > 0 for c in range(n)) for date, n in
             (("2024-05-27", CLIENTS), ("2024-05-28", CLIENTS // 2))}  # fmt: skip
    assert all(len(dates) == 1 and count == whole[next(iter(dates))] for dates, count in seen)
    assert {next(iter(dates)) for dates, _ in seen} == set(whole)


@pytest.mark.parametrize(
    "seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 6))]
)
def test_a_killed_load_leaves_what_was_served(store: SqliteProfileStore, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 (moments of death, not secrets)
    process = loading(store, TUESDAY, pause=0.005)
    for _ in range(chance.randrange(1, 18)):
        process.stdout.readline()
    time.sleep(chance.random() / 100)
    process.kill()
    process.wait()
    assert store.current() == Served(MONDAY, "run-monday")
    assert store.get(5)["business_date"] == "2024-05-27"
    assert {p["business_date"] for p in store.by_branch(3)} == {"2024-05-27"}

    done = store.load(TUESDAY, "again", profiles(TUESDAY, 500))
    assert done.replaced == Served(MONDAY, "run-monday")
    (kept,) = sqlite3.connect(store.path).execute("SELECT count(*) FROM item").fetchone()
    assert kept == 500


def test_a_load_killed_after_its_flip_serves_the_new_date(store: SqliteProfileStore) -> None:
    with sqlite3.connect(store.path) as leftovers:  # as a load leaves it that was killed there
        leftovers.execute("INSERT INTO item SELECT generation - 1, client_id, 1, '[]' FROM item")
    assert len(store.by_branch(3)) == len([c for c in range(CLIENTS) if c % 10 == 3 and c % 7])
    store.load(TUESDAY, "run-tuesday", profiles(TUESDAY, 10))
    assert sqlite3.connect(store.path).execute("SELECT count(*) FROM item").fetchone() == (10,)


@pytest.mark.slow
def test_two_loads_at_once_both_succeed_one_after_the_other(store: SqliteProfileStore) -> None:
    dates = [TUESDAY + dt.timedelta(days=n) for n in range(2)]
    processes = [loading(store, date, clients=3_000) for date in dates]
    said = [process.communicate(timeout=PATIENCE)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert store.current().business_date == dates[1]
    assert len(store.by_branch(3)) == len([c for c in range(3_000) if c % 10 == 3 and c % 7])
    assert "loaded=True" in said[1]  # the newer date: whichever came first, it is served
