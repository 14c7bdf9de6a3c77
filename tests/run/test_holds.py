"""What was rolled back stays so: no plan makes the same again until the hold ends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import dagster as dg

from customer360_assets.contracts import contracts
from customer360_assets.planning.holds import (
    lift,
    record_rollback,
    recorded_holds,
    sentence,
    undone_versions,
)
from customer360_assets.planning.outlook import automated_tables
from customer360_assets.planning.outstanding import (
    SERVING,
    Batch,
    expected_versions,
    outstanding,
    plan,
)
from customer360_assets.planning.versions import METADATA_KEY, NOTHING, recorded_versions
from customer360_assets.tables.specs import asset_key
from tests.run.test_planning import AS_OF, D, Raw, day, delivered, instance

__all__ = ["instance"]

CARD = {"raw.card", "stage.card"}
DERIVED = AS_OF | {SERVING}
PROFILE = "profile.customer_360"


def _tables(batches: Iterable[Batch]) -> set[tuple[str, dt.date]]:
    return {(t, d) for b in batches for t in b.tables for d in b.span.dates}


def run(instance: dg.DagsterInstance, raw: Raw, as_of: dt.date = D) -> list[Batch]:
    """Record what a run makes: versions of what is there when it begins, held or not."""
    batches = outstanding(instance, raw, as_of)
    holds = recorded_holds(instance, automated_tables())
    for table, date in sorted(_tables(batches)):
        version = expected_versions(raw, {date}, holds)[table].get(date, NOTHING)
        metadata = {METADATA_KEY: version}
        event = dg.AssetMaterialization(asset_key(table), partition=str(date), metadata=metadata)
        instance.report_runless_asset_event(event)
    assert outstanding(instance, raw, as_of) == []
    return batches


def _undo(instance: dg.DagsterInstance, tables: Iterable[str], date: dt.date, to: str) -> None:
    """Record a rollback of tables to a version, as the command does."""
    for table in tables:
        undone = undone_versions(instance, table).get(date)
        record_rollback(instance, table, date, to, "snapshot 1 of run r", undone)


def _bank(instance: dg.DagsterInstance) -> Raw:
    """Publish D, then D+1 with cards, and undo D+1 in all that it was published in."""
    raw = delivered(crm_customer={0: "crm"})
    run(instance, raw)
    raw["card"][day(1)] = "bad"
    run(instance, raw, day(1))
    _undo(instance, CARD | DERIVED, day(1), NOTHING)
    return raw


def test_what_was_undone_is_not_made_again(instance: dg.DagsterInstance) -> None:
    raw = _bank(instance)
    found = plan(instance, raw, day(1))
    assert found.batches == []
    assert {t: set(d) for t, d in found.held_by_table.items()} == {
        t: {day(1)} for t in CARD | DERIVED
    }


def test_the_next_date_is_made_of_what_is_held(instance: dg.DagsterInstance) -> None:
    raw = _bank(instance)
    raw["card"][day(2)] = "good"
    made = _tables(run(instance, raw, day(2)))
    assert made == {(t, day(2)) for t in CARD | DERIVED}


def test_a_corrected_delivery_ends_the_hold_of_all_that_reads_it(
    instance: dg.DagsterInstance,
) -> None:
    raw = _bank(instance)
    raw["card"][day(1)] = "corrected"
    assert _tables(run(instance, raw, day(1))) == {(t, day(1)) for t in CARD | DERIVED}
    assert recorded_holds(instance, automated_tables()) == {}


def test_a_late_delivery_of_another_feed_is_made_without_what_is_held(
    instance: dg.DagsterInstance,
) -> None:
    raw = _bank(instance)
    raw["crm_customer"][day(1)] = "late"
    made = _tables(run(instance, raw, day(1)))
    assert ("raw.crm_customer", day(1)) in made
    assert (PROFILE, day(1)) in made
    assert not made & {(t, day(1)) for t in CARD}
    assert recorded_versions(instance, "stage.card")[day(1)] == NOTHING


def test_lifting_makes_it_outstanding(instance: dg.DagsterInstance) -> None:
    raw = _bank(instance)
    holds = recorded_holds(instance, automated_tables())
    lift(instance, holds)
    assert recorded_holds(instance, automated_tables()) == {}
    assert _tables(outstanding(instance, raw, day(1))) == {(t, day(1)) for t in CARD | DERIVED}


def test_undone_twice_is_held_for_what_was_undone_first(instance: dg.DagsterInstance) -> None:
    raw = delivered(card={0: "one"})
    run(instance, raw)
    first = recorded_versions(instance, "stage.card")[D]
    raw["card"][D] = "two"
    run(instance, raw)
    _undo(instance, ["stage.card"], D, first)
    _undo(instance, ["stage.card"], D, NOTHING)
    assert "stage.card" in plan(instance, raw, D).held_by_table
    assert not {t for t, _ in _tables(outstanding(instance, raw, D))} & {"stage.card", "raw.card"}


def test_an_operator_reads_it_in_one_line() -> None:
    said = sentence({"stage.card": [D], "raw.card": [D], PROFILE: [day(1)]})
    assert said == (
        "Held since a rollback, and not made again until customer360 hold lift: 2024-05-23: "
        "raw.card, stage.card; 2024-05-24: profile.customer_360."
    )
    assert {c.table for c in contracts("profile")} == {PROFILE}
