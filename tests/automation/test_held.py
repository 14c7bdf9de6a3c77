"""The automation leaves alone what was rolled back, says so, and goes on with the next date."""

from __future__ import annotations

import pytest

from customer360_assets.planning.holds import lift, record_rollback, recorded_holds, undone_versions
from customer360_assets.planning.outlook import automated_tables
from customer360_assets.planning.outstanding import SERVING
from customer360_assets.planning.versions import NOTHING
from tests.automation.test_conditions import AS_OF, CARD, Bank, D, bank, day, definitions

__all__ = ["bank", "definitions"]


def _publish_and_undo(bank: Bank) -> None:
    bank.deliver(crm_customer={-1: "crm"}, card={-1: "a"})
    bank.settle()
    bank.deliver(card={0: "bad"})
    bank.settle()
    instance = bank.ticks.instance
    for table in CARD | AS_OF | {SERVING}:
        undone = undone_versions(instance, table).get(D)
        record_rollback(instance, table, D, NOTHING, "snapshot 1 of run r", undone)


def test_a_rollback_is_not_undone_and_the_ticks_say_why(bank: Bank) -> None:
    _publish_and_undo(bank)
    assert bank.ticks.tick() == {}
    said = f"stage.card {D} was rolled back and is held: customer360 hold lift releases it."
    assert said in bank.ticks.said


@pytest.mark.slow
def test_the_next_delivery_is_made(bank: Bank) -> None:
    _publish_and_undo(bank)
    bank.deliver(card={1: "next"})
    asked = bank.ticks.tick()
    assert asked == {day(1): CARD | AS_OF | {SERVING}}


def test_a_corrected_delivery_is_made(bank: Bank) -> None:
    _publish_and_undo(bank)
    bank.deliver(card={0: "corrected"})
    assert bank.ticks.tick() == {day(0): CARD | AS_OF | {SERVING}}


@pytest.mark.slow
def test_what_is_lifted_is_asked_for(bank: Bank) -> None:
    _publish_and_undo(bank)
    assert bank.ticks.tick() == {}
    lift(bank.ticks.instance, recorded_holds(bank.ticks.instance, automated_tables()))
    assert bank.ticks.tick() == {day(0): CARD | AS_OF | {SERVING}}
