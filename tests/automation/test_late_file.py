"""A late file for three days ago, from the landing zone to the records of materialization."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import dagster as dg
import pytest

from customer360_assets.assembly import definitions_of
from customer360_assets.contracts import contracts
from customer360_assets.deliveries.log import DeliveryLog
from customer360_assets.planning.materializations import made
from customer360_assets.planning.outlook import automated_tables
from customer360_assets.planning.outstanding import outstanding
from customer360_assets.tables.transformations import transformation
from tests.automation.ticks import Ticks
from tests.run.deliveries import CARDS, DAY, card, card_file, good_day
from tests.run.small_bank import SmallBank

DATES = [str(dt.date.fromisoformat(DAY) + dt.timedelta(days=n)) for n in range(5)]
LATE = DATES[1]


def _made(instance: dg.DagsterInstance) -> dict[tuple[str, str], int]:
    """Return the event of each partition's newest materialization."""
    return {
        (table, str(date)): partition.storage_id
        for table in automated_tables()
        for date, partition in made(instance, table).items()
    }


def _take_in(ticks: Ticks, date: str) -> None:
    assert all(ticks.execute({date: {"raw.delivery"}}))


def _settle(ticks: Ticks) -> int:
    """Tick and run until nothing more is asked for; give the ticks that asked."""
    for n in range(10):
        asked = ticks.tick()
        if not asked:
            return n
        assert all(ticks.execute(asked))
    raise AssertionError(f"still asked for after ten ticks: {asked}")


@pytest.mark.slow
def test_a_late_file_rebuilds_what_depends_on_it_and_nothing_else(tmp_path: Path) -> None:
    bank = SmallBank(tmp_path)
    bank.deliver(good_day(DAY))
    assert bank.run(DAY).code == 0
    for n, date in enumerate(DATES[1:]):
        if date != LATE:
            bank.deliver({card_file(date): card(str(4929000000000100 + n), 101)})
        assert bank.run(date).code == 0
    with bank.instance() as instance:
        ticks = Ticks(definitions_of(bank.deployment), instance)
        assert ticks.tick() == {}, "what the command made is what the automation finds made"
        before = _made(instance)
        bank.deliver({card_file(LATE): card(CARDS[2], 102)})
        _take_in(ticks, DATES[-1])
        assert _settle(ticks) == 2
        rebuilt = {key for key, event in _made(instance).items() if before.get(key) != event}
        platform = bank.platform()
        log = DeliveryLog.of(bank.deployment, platform.landing, platform.archive, platform.ledger)
        last = dt.date.fromisoformat(DATES[-1])
        assert outstanding(instance, log.versions(), last) == []
    reads_cards = {
        c.table for c in contracts("dimension") if "stage.card" in transformation(c.table).reads
    }
    follows = reads_cards | {"profile.customer_360"}
    expected = {("raw.card", LATE), ("stage.card", LATE), ("serving.customer_profile", DATES[-1])}
    assert rebuilt == expected | {(table, date) for table in follows for date in DATES[1:]}
    cards = "SELECT sum(product_cards) AS n FROM profile.customer_360"
    assert [bank.rows(cards, as_of=date)[0]["n"] for date in DATES] == [2, 3, 4, 5, 6]
