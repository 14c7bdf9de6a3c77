"""Invented deliveries of every feed, named and spelled as the source systems do."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

DAY = "2024-05-23"
VISITOR = "09223372036854775899"
"""Twenty digits with a leading zero, above 2^63."""
CARDS = ("4929000000000011", "4929000000000022", "4929000000000033")


def crm_file(day: str = DAY, hour: str = "064013") -> str:
    return f"crm/crm00{day.replace('-', '')}-{hour}.json"


def account_file(day: str = DAY, hour: str = "063958") -> str:
    return f"account/account00{day.replace('-', '')}-{hour}.csv"


def disposition_file(day: str = DAY, hour: str = "064034") -> str:
    return f"gbank/account00{day.replace('-', '')}-{hour}.csv"


def card_file(day: str = DAY, hour: str = "064030") -> str:
    return f"card/card00{day.replace('-', '')}-{hour}.csv"


def ga_file(day: str = DAY) -> str:
    return f"ga/ga_sessions_{day.replace('-', '')}.json"


MAP_FILE = "visitors/ga_visitors.csv"


def client(client_id: object, **changes: Any) -> dict[str, Any]:
    return {
        "client_id": client_id,
        "birth_date": "1980-02-29",
        "age": 44,
        "home_ownership": "O",
        "occupation": "baker",
        "marital_status": "M",
        "head_of_household_flag": "Y",
        "client_created_date": "2020-01-02T03:04:05.000006",
        **changes,
    }


def crm(*clients: dict[str, Any]) -> str:
    """Python literals, one per line, as CRM writes them."""
    return "".join(f"{c!r}\n" for c in clients)


def session(visitor: str, visit_id: int, hits: int = 2, **changes: Any) -> dict[str, Any]:
    return {
        "fullVisitorId": visitor,
        "visitId": visit_id,
        "visitStartTime": 1_716_422_400 + visit_id,
        "visitNumber": 1,
        "date": "20240523",
        "totals": {"visits": 1, "hits": hits, "pageviews": hits, "timeOnSite": 30},
        "trafficSource": {"source": "google", "medium": "organic", "campaign": "(not set)"},
        "device": {"deviceCategory": "desktop", "browser": "Chrome"},
        "channelGrouping": "Organic Search",
        "hits": [
            {"hitNumber": n, "type": "PAGE", "time": n, "page": {"pagePath": f"/p{n}"}}
            for n in range(1, hits + 1)
        ],
        **changes,
    }


def json_lines(*records: dict[str, Any]) -> str:
    return "".join(json.dumps(r) + "\n" for r in records)


def transactions(day: str, rows: Iterable[tuple[int, int, str, str | None, str]]) -> bytes:
    """Parquet of (trans_id, account_id, type, operation, amount), as the extraction writes it."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    listed = list(rows)
    money = pa.decimal128(18, 2)
    table = pa.table(
        {
            "trans_id": pa.array([r[0] for r in listed], pa.int64()),
            "account_id": pa.array([r[1] for r in listed], pa.int64()),
            "date": pc.cast(pa.array([f"{day}T00:00:00"] * len(listed)), pa.timestamp("us")),
            "type": pa.array([r[2] for r in listed]),
            "operation": pa.array([r[3] for r in listed], pa.string()),
            "amount": pa.array([Decimal(r[4]) for r in listed], money),
            "balance": pa.array([Decimal("100.00")] * len(listed), money),
        }
    )
    written = io.BytesIO()
    pq.write_table(table, written)
    return written.getvalue()


def card(number: str, disp_id: int, kind: str = "gold", issued: str = "2024-01-02") -> str:
    return f"{number},{disp_id},{kind},{issued}T03:04:05.123456\n"


def account(account_id: int, branch: int = 7, frequency: str = "MI") -> str:
    return f"{account_id},{branch},{frequency},2021-01-02T03:04:05.123456\n"


ACCOUNTS = account(11) + account(12, 8) + account(13)
DISPOSITIONS = "11,101,5001,owner\n12,102,5002,owner\n11,103,5002,user\n"
MOVEMENTS = (
    (1, 11, "credit", "CCK", "10.00"),
    (2, 11, "debit", "WCA", "3.50"),
    (3, 12, "credit", None, "0.01"),
)


def good_day(day: str = DAY) -> dict[str, str | bytes]:
    """One sound file of every feed: clients 5001, 5002, 5003; the last one has nothing."""
    return {
        crm_file(day): crm(client(5001), client(5002), client(5003)),
        account_file(day): ACCOUNTS,
        disposition_file(day): DISPOSITIONS,
        card_file(day): card(CARDS[0], 101) + card(CARDS[1], 102, "classic"),
        ga_file(day): json_lines(session(VISITOR, 1), session("0042", 2, 3)),
        MAP_FILE: f"{VISITOR},5001\n{VISITOR},5002\n0042,5001\n",
        f"transactions/{day}.parquet": transactions(day, MOVEMENTS),
    }


def two_feeds(day: str = DAY) -> dict[str, str | bytes]:
    """The same of customers and cards alone: a run of it makes half of the tables."""
    return {name: good_day(day)[name] for name in (crm_file(day), card_file(day))}
