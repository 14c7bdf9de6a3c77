"""What is in force is what the plain fold says, in thousands of invented histories."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from typing import Literal

import pytest

from customer360_assets.deliveries.in_force import Entry, in_force_of
from customer360_assets.deliveries.parsing.delivery import Delivery
from customer360_assets.deliveries.parsing.parsed import Parsed
from tests.deliveries.plain_fold import plain_fold

HISTORIES = 4_000
FIRST = dt.date(2024, 1, 1)


def invented(chance: random.Random, seq: int) -> Entry:
    """A delivery of few names, contents and dates, so that they meet often."""
    own = f"card-{seq:06d}"
    stated = None if chance.random() < 0.5 else FIRST + dt.timedelta(days=chance.randrange(3))
    delivery = Delivery(
        delivery_id=own,
        seq=seq,
        feed="card",
        file=f"card/{chance.randrange(4)}.csv",
        bytes=1,
        sha256=str(chance.randrange(4)),
        business_date=stated,
        refused="no business date" if chance.random() < 0.1 else None,
    )
    kind = chance.random()
    if kind < 0.25:
        return Entry(delivery)
    if kind < 0.35:
        bad = Parsed(delivery_id=own, fingerprint="x", status="refused", reason="empty")
        return Entry(delivery, bad)
    # The same bytes have the same dates.
    dated = random.Random(delivery.sha256).sample(range(4), k=int(delivery.sha256))  # noqa: S311
    dates = [stated] if stated else [FIRST + dt.timedelta(days=day) for day in dated]
    rows = dict.fromkeys(dates, 1)
    return Entry(delivery, Parsed(delivery_id=own, fingerprint="x", status="loaded", rows=rows))


@pytest.mark.parametrize("replaces", ["same_date", "same_name"])
def test_force_is_the_plain_fold(replaces: Literal["same_date", "same_name"]) -> None:
    chance, seen = random.Random(replaces), Counter[str]()  # noqa: S311
    for _ in range(HISTORIES):
        entries = [invented(chance, seq) for seq in range(1, chance.randint(1, 14))]
        found, plain = in_force_of(entries, replaces), plain_fold(entries, replaces)
        assert found == plain, entries
        seen.update(found.status.values())
    assert set(seen) == {"loaded", "superseded", "duplicate", "refused"}
    assert min(seen.values()) > HISTORIES / 4
