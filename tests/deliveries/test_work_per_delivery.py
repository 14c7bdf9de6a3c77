"""The work for each delivery does not grow with their number; counted, not timed."""

from __future__ import annotations

import datetime as dt
import os
from collections import Counter
from typing import Any, Literal

import pytest

from customer360_assets.deliveries.feed_deliveries import read_deliveries
from customer360_assets.deliveries.in_force import Entry, in_force_of
from customer360_assets.deliveries.intake.take_in import is_new
from customer360_assets.deliveries.parsing.delivery import Delivery
from customer360_assets.deliveries.parsing.parsed import Parsed, parsed_folder
from resources.protocols.ledger import Receipt
from tests.deliveries.raw_home import Home
from tests.deliveries.test_in_force import card, cards

MANY = 400
FEW = 10
"""Looks at one delivery that are still no search among all."""


def entry(seq: int) -> Entry:
    date = dt.date(2020, 1, 1) + dt.timedelta(days=seq)
    own = f"card-{seq:06d}"
    delivery = Delivery(own, seq, "card", f"{seq}.csv", 1, str(seq), date)
    rows = {date: 1}
    return Entry(delivery, Parsed(delivery_id=own, fingerprint="x", status="loaded", rows=rows))


@pytest.mark.parametrize("replaces", ["same_date", "same_name"])
def test_the_fold_does_not_compare_all_with_all(
    replaces: Literal["same_date", "same_name"], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: Counter[str] = Counter()
    plain = Entry.dates.fget  # type: ignore[attr-defined]

    def counted(self: Entry) -> Any:
        looked["dates"] += 1
        return plain(self)

    monkeypatch.setattr(Entry, "dates", property(counted))
    state = in_force_of([entry(seq) for seq in range(1, MANY + 1)], replaces)
    assert len(state.dates) == MANY
    assert looked["dates"] <= FEW * MANY


def test_what_was_parsed_is_listed_once(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    for day in range(1, 9):
        home.deliver(card(day), cards(day))
    home.run("card")
    folder = parsed_folder(home.lake, "card")
    listed: Counter[str] = Counter()
    for name in ("listdir", "scandir"):
        plain = getattr(os, name)

        def counted(path: Any = ".", plain: Any = plain) -> Any:
            listed[str(path)] += 1
            return plain(path)

        monkeypatch.setattr(os, name, counted)
    assert len(read_deliveries(home.job("card")).entries) == 8
    assert listed[str(folder)] == 1


def test_the_newest_of_a_name_is_not_looked_for_among_all_receipts(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    for part in range(MANY // 4):
        home.deliver(card(1, part), cards(part))
    home.take_in()
    looked: Counter[str] = Counter()
    plain = Receipt.__getattribute__

    def counted(self: Receipt, name: str) -> Any:
        looked[name] += 1
        return plain(self, name)

    monkeypatch.setattr(Receipt, "__getattribute__", counted)
    assert not is_new(home.landing, home.archive, home.ledger, home.feeds["card"])
    assert looked["file"] <= FEW * MANY // 4
