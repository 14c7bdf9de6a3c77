"""Profiles to load, as the arrow batches that a load is given."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import pyarrow as pa

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
    """Give clients from `first` on in batches of a thousand; every value tells its date."""
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
