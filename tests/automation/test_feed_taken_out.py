"""A feed that is taken out of the set asks for no run, tick after tick."""

from __future__ import annotations

from tests.automation.test_conditions import (  # noqa: F401  fixtures
    AS_OF,
    SERVING,
    Bank,
    bank,
    day,
    definitions,
)


def test_nothing_is_asked_for_without_the_feed_but_what_comes_after(
    bank: Bank,  # noqa: F811
) -> None:
    bank.deliver(crm_customer={0: "crm"}, card={0: "a"})
    bank.settle()
    cards, bank.raw["card"] = bank.raw["card"], {}
    assert bank.ticks.tick() == {}
    bank.deliver(crm_customer={1: "crm"})
    asked = bank.ticks.tick()
    assert asked == {day(1): {"raw.crm_customer", "stage.customer", SERVING} | AS_OF}
    # The steps read the cards on record.
    bank.raw["card"] = cards
    bank.make(asked)
    bank.raw["card"] = {}
    assert bank.ticks.tick() == {}
