"""Load profiles in a process of its own: loading.py PATH DATE CLIENTS SECONDS_PER_BATCH.

PATH: of the SQLite file, or dynamodb:<region>:<table>.
"""

from __future__ import annotations

import datetime as dt
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from resources.dynamodb.profile_store import DynamoProfileStore
from resources.embedded.sqlite_profile_store import SqliteProfileStore
from resources.protocols.profile_store import ProfileStore
from tests.profile_store.store_profiles import profiles


def slowly(date: dt.date, clients: int, pause: float) -> Iterator[pa.RecordBatch]:
    for batch in profiles(date, clients):
        yield batch
        sys.stdout.write("batch\n")
        sys.stdout.flush()
        time.sleep(pause)


def store_at(path: str) -> ProfileStore:
    kind, _, rest = path.partition(":")
    if kind != "dynamodb":
        return SqliteProfileStore(Path(path))
    region, _, table = rest.partition(":")
    return DynamoProfileStore(table, region, lease_seconds=10)


if __name__ == "__main__":
    path, date, clients, pause = sys.argv[1:]
    day = dt.date.fromisoformat(date)
    rows = slowly(day, int(clients), float(pause))
    done = store_at(path).load(day, f"run-{date}", rows)
    sys.stdout.write(f"{done}\n")
