"""The newest delivery of a record wins by the order of delivery, on whichever date it stands."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from customer360_assets.deliveries.feed_deliveries import FeedDeliveries
from customer360_assets.deliveries.parsing.sketch import KeySketch
from tests.deliveries.raw_home import Home
from tests.fates.staging import DAY, Staging, published

EVE = DAY - dt.timedelta(days=1)
NEXT = DAY + dt.timedelta(days=1)


def booked(number: int, seq: int, date: dt.date, amount: str = "1.00") -> dict[str, Any]:
    return {
        "business_date": date,
        "delivery_id": f"d{seq}",
        "delivery_seq": seq,
        "trans_id": number,
        "trans_scope": "",
        "account_id": 5,
        "date": dt.datetime.combine(date, dt.time()),
        "type": "credit",
        "amount": Decimal(amount),
    }


def test_a_booking_moved_to_an_earlier_date_is_gone_from_the_later_one(tmp_path: Path) -> None:
    rows = [booked(1, 1, DAY, "5.00"), booked(2, 1, DAY), booked(1, 2, EVE, "7.00")]
    staging = Staging.of("transaction", tmp_path)
    fates = staging.run(rows, EVE, DAY, newer=[EVE])
    assert published(fates, "trans_id", "business_date", "amount") == [
        (1, EVE, Decimal("7.00")),
        (2, DAY, Decimal("1.00")),
    ]
    assert (fates.corrected, fates.repeated, fates.quarantined) == (1, 0, {})
    assert fates.totals == {"amount": "0.00", "balance": "0.00"}


def test_an_older_delivery_moves_nothing(tmp_path: Path) -> None:
    rows = [booked(1, 1, EVE), booked(1, 2, DAY)]
    fates = Staging.of("transaction", tmp_path).run(rows, EVE, DAY, newer=[EVE])
    assert published(fates, "trans_id", "business_date") == [(1, EVE), (1, DAY)]
    assert fates.corrected == 0


def test_sessions_and_their_hits_move_together(tmp_path: Path) -> None:
    hits = json.dumps([{"type": "PAGE"}, {"type": "PAGE"}])
    seen = {"full_visitor_id": "007", "visit_id": 1, "visit_start_time": 1_716_422_400}
    late, first = (
        {**seen, "session_date": DAY, "hits": hits, "delivery_id": f"d{seq}", "delivery_seq": seq}
        | {"business_date": date}
        for seq, date in ((2, EVE), (1, DAY))
    )
    for table, rows in (("web_session", 1), ("web_hit", 2)):
        fates = Staging.of(table, tmp_path / table).run([late, first], EVE, DAY, newer=[EVE])
        assert (fates.rows_by_date, fates.corrected) == ({EVE: rows}, rows), table


MOVEMENTS = "movements/"
HEAD = "trans_id,account_id,date,type,operation,amount,balance\n"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    spec = home.feeds["transaction"]
    changes = {"format": "delimited", "header": True, "folder": "movements", "pattern": "*.csv"}
    home.feeds["transaction"] = spec.model_copy(update=changes)
    return home


def movements(home: Home, name: str, *rows: tuple[int, dt.date]) -> FeedDeliveries:
    lines = "".join(f"{number},5,{date},credit,CCK,1.00,1.00\n" for number, date in rows)
    home.deliver(f"{MOVEMENTS}{name}.csv", HEAD + lines)
    return home.run("transaction")


def test_only_dates_that_lose_a_record_depend_on_a_late_delivery(home: Home) -> None:
    days = [DAY + dt.timedelta(days=n) for n in range(4)]
    for n, date in enumerate(days):
        before = movements(home, str(date), *((100 * n + i, date) for i in range(3)))
    after = movements(home, "late", (101, days[0]), (7, days[2]))
    assert {d: [e.own for e in es] for d, es in after.moving.items()} == {
        days[1]: ["transaction-000005"]
    }
    changed = {d for d in days if before.expected_versions[d] != after.expected_versions[d]}
    assert changed == {days[0], days[1], days[2]}
    assert [f.parent.name for f in after.moving_files(days[1], days[1])] == [
        f"business_date={days[0]}"
    ]
    assert after.moving_files(days[2], days[3]) == []


def test_deliveries_in_the_order_of_their_dates_move_nothing(home: Home) -> None:
    movements(home, "a", (1, EVE), (2, DAY))
    deliveries = movements(home, "b", (1, DAY), (2, NEXT))
    assert deliveries.moving == {}


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        (KeySketch(ranges=((1, 5), (9, 9))), KeySketch(ranges=((6, 8), (10, 20))), False),
        (KeySketch(ranges=((1, 5), (9, 9))), KeySketch(ranges=((6, 9),)), True),
        (KeySketch(hashes=(1, 2)), KeySketch(hashes=(3,)), False),
        (KeySketch(hashes=(1, 2)), KeySketch(hashes=(2,)), True),
        (KeySketch(hashes=(1, 2)), KeySketch(), True),
    ],
)
def test_sketches(one: KeySketch, other: KeySketch, shared: bool) -> None:
    assert one.may_share(other) is shared
    assert other.may_share(one) is shared


def test_a_sketch_has_few_numbers_and_lacks_no_key(home: Home) -> None:
    numbers = [n * n for n in range(400)]
    deliveries = movements(home, "squares", *((n, DAY) for n in numbers))
    parsed = deliveries.entries[0].parsed
    assert parsed is not None
    ranges = parsed.keys[DAY].ranges
    assert ranges is not None
    assert len(ranges) == 64
    assert all(any(low <= n <= high for low, high in ranges) for n in numbers)
