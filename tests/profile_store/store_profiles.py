"""Profiles to load, as the arrow batches that a load is given."""

from __future__ import annotations

import datetime as dt
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from resources.account.client import client
from resources.dynamodb import generation
from resources.dynamodb.profile_store import DynamoProfileStore
from resources.dynamodb.table import BRANCH
from resources.dynamodb.writer import BatchWriter, Request
from resources.embedded import sqlite_profile_store
from resources.embedded.sqlite_profile_store import SqliteProfileStore
from resources.protocols.profile_store import ProfileStore

SCHEMA = pa.schema(
    [
        ("business_date", pa.date32()),
        ("client_id", pa.int64()),
        ("branch_id", pa.int64()),
        ("history_credit_sum_3m", pa.decimal128(18, 2)),
        ("web_bounce_rate", pa.float64()),
        ("web_top_page_1", pa.string()),
    ]
)


def profiles(date: dt.date, clients: int, first: int = 0) -> Iterator[pa.RecordBatch]:
    """Yield clients from `first` on in batches of a thousand; every value contains its date."""
    for start in range(first, first + clients, 1_000):
        ids = range(start, min(start + 1_000, first + clients))
        columns = [
            [date] * len(ids),
            list(ids),
            [client % 10 if client % 7 else None for client in ids],
            [Decimal(date.toordinal()) / 100 if client % 3 else None for client in ids],
            [client / 3 for client in ids],
            [f'/p"{client}\\é' for client in ids],
        ]
        arrays = [pa.array(c, f.type) for c, f in zip(columns, SCHEMA, strict=True)]
        yield pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)


def rows(**columns: tuple[pa.DataType, list[Any]]) -> list[pa.RecordBatch]:
    """Return one batch of these columns, by default of clients from 0 on of branch 7."""
    count = len(next(iter(columns.values()))[1])
    given = {
        "client_id": (pa.int64(), list(range(count))),
        "branch_id": (pa.int64(), [7] * count),
        **columns,
    }
    arrays = [pa.array(values, kind) for kind, values in given.values()]
    return [pa.RecordBatch.from_arrays(arrays, list(given))]


def lose_one_item(store: ProfileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the store lose one profile of a load between sending and storing it."""
    if isinstance(store, SqliteProfileStore):
        change_items(monkeypatch, lambda part: part[1:])
        return
    monkeypatch.setattr(generation, "INDEX_SECONDS", 0.5)
    write = BatchWriter.write

    def lossy(self: BatchWriter, requests: Iterable[Request]) -> int:
        given = list(requests)
        profiles = [r for r in given if BRANCH in r.get("PutRequest", {}).get("Item", {})]
        return write(self, [r for r in given if r not in profiles[:1]]) + len(profiles[:1])

    monkeypatch.setattr(BatchWriter, "write", lossy)


def change_items(monkeypatch: pytest.MonkeyPatch, change: Callable[[list[Any]], list[Any]]) -> None:
    """Make SQLite store other items than were sent."""
    insert = sqlite_profile_store._insert
    monkeypatch.setattr(
        sqlite_profile_store, "_insert", lambda db, number, part: insert(db, number, change(part))
    )


def items_kept(store: ProfileStore) -> int:
    """Count the profiles in the store, also those that no reader sees."""
    if isinstance(store, SqliteProfileStore):
        if not store.path.exists():
            return 0
        return sqlite3.connect(store.path).execute("SELECT count(*) FROM item").fetchone()[0]
    assert isinstance(store, DynamoProfileStore)
    return sum(bool(re.fullmatch(r"\d+/\d\d", key)) for key in keys_kept(store))


def keys_kept(store: DynamoProfileStore) -> list[str]:
    """Return the partition key of every item of the table."""
    pages = client("dynamodb", "eu-central-1").get_paginator("scan").paginate(TableName=store.table)
    return [item["item"]["S"] for page in pages for item in page["Items"]]
