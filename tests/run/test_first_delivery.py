"""A home whose first business date nobody states: its partitions start with its deliveries."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from customer360_assets.tables.partitions import business_days
from customer360_assets.tables.specs import asset_key
from tests.run.deliveries import CARDS, DAY, card, card_file, good_day, two_feeds
from tests.run.small_bank import SmallBank

OLDER = str(dt.date.fromisoformat(DAY) - dt.timedelta(days=100))
LATER = str(dt.date.fromisoformat(DAY) + dt.timedelta(days=2))


def start(bank: SmallBank) -> str | None:
    return business_days(bank.deployment).get_first_partition_key()


@pytest.mark.slow
def test_an_older_file_moves_the_start_back_and_changes_no_row(tmp_path: Path) -> None:
    unstated, stated = SmallBank(tmp_path / "unstated"), SmallBank(tmp_path / "stated")
    (unstated.home / "settings.json").unlink()
    for bank in (unstated, stated):
        bank.deliver(two_feeds())
        assert bank.run(DAY).code == 0
    assert start(unstated) == DAY
    assert start(stated) == "2023-01-01"
    for bank in (unstated, stated):
        bank.deliver({card_file(OLDER): card(CARDS[0], 101)})
        ran = bank.run(DAY)
        assert ran.code == 0
        assert "refused" not in ran.output
        assert {"raw.card", "stage.card"} <= ran.on(OLDER)
    assert start(unstated) == OLDER
    assert unstated.everything() == stated.everything()


@pytest.mark.slow
def test_the_manifest_has_the_dates_of_its_files_as_partitions(tmp_path: Path) -> None:
    """The dialog that launches a raw table compares each date with those of raw.delivery."""
    bank = SmallBank(tmp_path)
    bank.deliver(two_feeds() | {card_file(OLDER): card(CARDS[0], 101)})
    assert bank.run(LATER).code == 0
    with bank.instance() as instance:
        dates = instance.get_materialized_partitions(asset_key("raw.delivery"))
        assert dates == {OLDER, DAY, LATER}
        newest = instance.get_latest_materialization_event(asset_key("raw.delivery"))
    assert newest is not None
    assert newest.asset_materialization is not None
    assert newest.asset_materialization.partition == LATER


@pytest.mark.slow
def test_a_date_before_the_first_delivery_is_refused_in_a_sentence(tmp_path: Path) -> None:
    bank = SmallBank(tmp_path)
    (bank.home / "settings.json").unlink()
    bank.deliver(good_day())
    assert bank.run(DAY).code == 0
    ran = bank.run(OLDER)
    assert ran.code == 1
    assert f"No customer was delivered on or before {OLDER}" in " ".join(ran.output.split())
    assert start(bank) == DAY
