"""A feed that is taken out of the set leaves nothing outstanding, and what it brought stays."""

from __future__ import annotations

import dagster as dg

from customer360_assets.planning.outstanding import SERVING, outstanding
from tests.run.test_planning import (  # noqa: F401  fixture
    AS_OF,
    D,
    day,
    delivered,
    instance,
    record,
    run,
    tables,
)


def test_what_was_made_is_not_made_for_ever_without_the_feed(
    instance: dg.DagsterInstance,  # noqa: F811
) -> None:
    with_cards = delivered(card={0: "a"})
    run(instance, with_cards)
    without = {**with_cards, "card": {}}
    assert outstanding(instance, without, D) == []
    # The next date reads the cards that are on record, as its steps do.
    (batch,) = outstanding(instance, without, day(1))
    assert set(batch.tables) == AS_OF | {SERVING}
    record(instance, with_cards, [batch])
    assert outstanding(instance, without, day(1)) == []


def test_what_another_feed_brings_is_made_without_the_feed(
    instance: dg.DagsterInstance,  # noqa: F811
) -> None:
    with_cards = delivered(card={0: "a"})
    run(instance, with_cards)
    without = {**with_cards, "card": {}, "crm_customer": {D: "corrected"}}
    made = tables(outstanding(instance, without, D), D)
    assert made >= {"raw.crm_customer", "stage.customer", "dimension.demographic"}
    assert not made & {"raw.card", "stage.card"}
