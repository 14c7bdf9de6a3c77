"""Deliveries of a small bank, as the Parquet files that a job is given."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

Row = Sequence[Any]
Tables = Mapping[str, Sequence[Row]]

MONEY = pa.decimal128(18, 2)
SCHEMAS = {
    "stage.customer": pa.schema(
        [
            ("business_date", pa.date32()),
            ("client_id", pa.int64()),
            ("client_created_date", pa.timestamp("us")),
        ]
    ),
    "stage.disposition": pa.schema(
        [
            ("business_date", pa.date32()),
            ("disp_id", pa.int64()),
            ("account_id", pa.int64()),
            ("client_id", pa.int64()),
            ("type", pa.string()),
        ]
    ),
    "stage.account": pa.schema(
        [
            ("business_date", pa.date32()),
            ("account_id", pa.int64()),
            ("branch_id", pa.int64()),
            ("creation_date", pa.timestamp("us")),
        ]
    ),
    "stage.transaction": pa.schema(
        [
            ("business_date", pa.date32()),
            ("trans_id", pa.int64()),
            ("account_id", pa.int64()),
            ("date", pa.date32()),
            ("type", pa.string()),
            ("operation", pa.string()),
            ("amount", MONEY),
            ("trans_scope", pa.string()),
        ]
    ),
    "raw.delivery": pa.schema(
        [
            ("feed", pa.string()),
            ("status", pa.string()),
            ("business_date", pa.date32()),
            ("dates_in_force", pa.string()),
        ]
    ),
    "dimension.alpha": pa.schema(
        [
            ("business_date", pa.date32()),
            ("client_id", pa.int64()),
            ("alpha_items", pa.int64()),
            ("alpha_share", MONEY),
        ]
    ),
    "dimension.beta": pa.schema(
        [
            ("business_date", pa.date32()),
            ("client_id", pa.int64()),
            ("beta_name", pa.string()),
            ("beta_rate", pa.float64()),
        ]
    ),
}


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def instant(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


JANUARY, MAY, JUNE = day("2024-01-15"), day("2024-05-20"), day("2024-06-10")

CUSTOMERS = [
    *((JANUARY, client, None) for client in (1, 2, 9)),
    *((MAY, client, instant("2020-02-29T23:59:59.999999")) for client in (1, 2, 3, 4, 5, 6)),
    *((JUNE, client, None) for client in (1, 2, 10)),
]
DISPOSITIONS = [
    (JANUARY, 10, 100, 9, "owner"),
    (MAY, 11, 100, 2, "owner"),  # joint: the lower disp_id is the primary owner
    (MAY, 10, 100, 1, "owner"),
    (MAY, 12, 200, 99, "owner"),  # CRM does not know this one
    (MAY, 13, 200, 2, "owner"),
    (MAY, 14, 300, 3, "user"),
    (MAY, 15, 500, 4, "owner"),
    (MAY, 16, 600, 6, "owner"),
    (JUNE, 10, 100, 10, "owner"),
]
TRANSACTIONS = [
    (day("2023-11-30"), 1, 100, day("2023-11-30"), "credit", "CCK", Decimal("1000.00")),
    (day("2023-12-01"), 2, 100, day("2023-12-01"), "credit", "CAB", Decimal("0.01")),
    (day("2024-02-29"), 3, 100, day("2024-02-29"), "debit", "WCA", Decimal("50.50")),
    (day("2024-03-02"), 4, 100, day("2024-03-01"), "debit", "CCW", Decimal("10.00")),
    (day("2024-05-15"), 4, 100, day("2024-03-01"), "debit", "CCW", Decimal("11.00")),
    (day("2024-05-31"), 6, 100, day("2024-05-31"), "credit", None, Decimal("1.00")),
    (day("2024-05-31"), 5, 100, day("2024-05-31"), "credit", None, Decimal("2.00")),
    (day("2024-05-31"), 8, 100, day("2024-06-01"), "debit", "CCW", Decimal("7777.00")),
    (day("2024-06-01"), 9, 100, day("2024-05-30"), "debit", "CCW", Decimal("8888.00")),
    (day("2024-04-10"), 20, 200, day("2024-04-10"), "debit", "RAB", Decimal("99.99")),
    (day("2024-04-10"), 30, 300, day("2024-04-10"), "credit", "CCK", Decimal("5.00")),
    (day("2024-04-10"), 31, 999, day("2024-04-10"), "credit", "CCK", Decimal("6.00")),
    *(
        (day("2024-04-10"), 40 + n, 500, day("2024-04-10"), "credit", None, Decimal(cents) / 100)
        for n, cents in enumerate((0, 0, 0, 0, 0, 0, 0, 1))
    ),
]
HISTORY: Tables = {
    "stage.customer": CUSTOMERS,
    "stage.disposition": DISPOSITIONS,
    "stage.transaction": TRANSACTIONS,
}
PROFILE: Tables = {
    "stage.customer": CUSTOMERS,
    "stage.disposition": [*DISPOSITIONS, (MAY, 17, 601, 6, "owner"), (MAY, 18, 602, 6, "owner")],
    "stage.account": [
        (MAY, 100, 7, instant("2019-01-01T00:00:00")),
        (MAY, 300, 8, instant("2019-01-01T00:00:00")),
        (MAY, 600, 3, instant("2021-05-05T00:00:00.000001")),
        (MAY, 602, 1, instant("2021-05-05T00:00:00")),
        (MAY, 601, 2, instant("2021-05-05T00:00:00")),
    ],
    "raw.delivery": [
        ("card", "loaded", day("2024-05-01"), "2024-05-01"),
        ("card", "loaded", day("2024-05-30"), "2024-05-30"),
        ("card", "refused", day("2024-05-31"), None),
        ("card", "loaded", day("2024-06-01"), "2024-06-01"),
        ("transaction", "superseded", day("2024-05-31"), None),
        ("account", "refused", None, None),
        # One file of five months: most records are of June, none of 29 to 31 May.
        ("ga_session", "loaded", day("2024-06-02"), "2024-02-29 2024-05-28 2024-06-02"),
        ("ga_session", "loaded", day("2024-04-30"), "2024-04-30"),
        ("disposition", "loaded", day("2024-06-02"), "2024-06-01 2024-06-02"),
    ],
    "dimension.beta": [(day("2024-05-31"), client, f"b{client}", 0.5) for client in (1, 2, 3)],
    "dimension.alpha": [
        *((day("2024-05-30"), client, 1, None) for client in (1, 2)),
        *((day("2024-05-31"), client, client, Decimal("0.10")) for client in range(1, 7)),
    ],
}

MOST = Decimal("999999999999.99")
"""The highest amount that stage publishes; dates may be any."""
BOUNDS: Tables = {
    "stage.customer": [
        (JANUARY, 1, instant("0001-01-01T00:00:00")),
        (JANUARY, 2, instant("1582-10-10T00:00:00")),
    ],
    "stage.disposition": [(JANUARY, 1, 100, 1, "owner"), (JANUARY, 2, 200, 2, "owner")],
    "stage.account": [
        (JANUARY, 100, 1, instant("0001-01-01T00:00:00")),
        (JANUARY, 200, 2, instant("1899-12-31T23:59:59")),
    ],
    "stage.transaction": [
        *((MAY, 2**63 - 1 - n, 100, MAY, "credit", "CAB", MOST) for n in range(20_000)),
        (MAY, 1, 100, day("0001-01-01"), "debit", "CCW", MOST),
        (MAY, 2, 200, day("1500-02-28"), "debit", None, MOST),
        (MAY, 3, 200, day("9999-12-31"), "credit", None, MOST),
    ],
    "raw.delivery": [],
}


def generated(seed: int = 1, clients: int = 60, transactions: int = 4_000) -> Tables:
    """Return a bank with joint accounts, gaps, ties, redeliveries and month ends."""
    chance = random.Random(seed)  # noqa: S311 (a bank, not a secret)
    delivered = day("2024-01-31")
    first = day("2023-05-01")
    accounts = range(1, clients + 10)
    rows = []
    for number in range(transactions):
        booked = first + dt.timedelta(days=chance.randrange(400))
        late = booked + dt.timedelta(days=chance.choice((0, 0, 0, 1, 9)))
        row = [late, number, chance.choice(accounts), booked, chance.choice(("credit", "debit"))]
        row += [chance.choice(("CCW", "CCK", "CAB", "WCA", "RAB", None))]
        rows.append([*row, Decimal(chance.randrange(1_000_000)) / 100])
        if chance.random() < 0.05:
            corrected = late + dt.timedelta(days=chance.randrange(1, 60))
            rows.append([corrected, *row[1:], Decimal(chance.randrange(1_000_000)) / 100])
    chance.shuffle(rows)
    return {
        "stage.customer": [(delivered, client, None) for client in range(clients)],
        "stage.disposition": [
            (delivered, disp, chance.choice(accounts), chance.randrange(clients + 5), role)
            for disp in range(2 * clients)
            for role in [chance.choice(("owner", "owner", "user"))]
        ],
        "stage.transaction": rows,
    }


def edges(seed: int = 3, rows: int = 400) -> Tables:
    """Return the inputs of the job `edges.py`: amounts, divisors, dates, NULLs at their limits."""
    chance = random.Random(seed)  # noqa: S311 (a bank, not a secret)
    amounts = [Decimal(n) for n in ("0.00", "0.01", "-0.01", "0.05", "-0.05", "2.50", "-2.50")]
    amounts += [MOST, -MOST]
    divisors = (0, 1, 2, 3, 6, 7, 8, 9, 11, 999, 1000, 9_999_999_999)
    days = [day(text) for text in ("1582-10-10", "2024-01-31", "2024-02-29", "2024-12-31")]
    transactions = []
    for number in range(rows):
        some = Decimal(chance.randrange(-(10**9), 10**9)) / 100
        row = [MAY, number, chance.choice(divisors), chance.choice(days)]
        row += [chance.choice(("credit", "debit", "", "ü€x")), chance.choice(("CCW", "", None))]
        transactions.append([*row, chance.choice((*amounts, some, some))])
    return {
        "stage.transaction": transactions,
        "stage.customer": [(MAY, n, instant("2024-02-29T23:59:59")) for n in range(0, rows, 3)],
        "raw.delivery": PROFILE["raw.delivery"],
    }


def deliver(tables: Tables, folder: Path) -> dict[str, list[str]]:
    """Write each table as one file per month of business dates; give the files by table."""
    files: dict[str, list[str]] = {}
    for table, rows in tables.items():
        schema = SCHEMAS[table]
        at = schema.get_field_index("business_date")
        parts: dict[str, list[Row]] = {"none": []} if not rows else {}
        for row in rows:
            # A number without a scope is unique by itself.
            filled = row if len(row) == len(schema) else [*row, ""]
            parts.setdefault(str(row[at])[:7], []).append(filled)
        for part, members in sorted(parts.items()):
            path = folder / table / f"month={part}" / "rows.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            columns = list(zip(*members, strict=True)) or [()] * len(schema)
            arrays = [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)]
            pq.write_table(pa.Table.from_arrays(arrays, schema=schema), path)
            files.setdefault(table, []).append(str(path))
    return files


def rows_of(files: Sequence[str | Path]) -> list[dict[str, Any]]:
    """Return a candidate's rows by client_id."""
    rows = [row for file in files for row in pq.read_table(file).to_pylist()]
    return sorted(rows, key=lambda row: row["client_id"])
