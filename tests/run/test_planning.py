"""What is outstanding, from the deliveries and the record of materializations alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping

import dagster as dg
import pytest

from customer360_assets.contracts import contracts
from customer360_assets.planning.outstanding import (
    BRIDGE,
    SERVING,
    Batch,
    expected_versions,
    outstanding,
)
from customer360_assets.planning.versions import METADATA_KEY, NOTHING
from customer360_assets.tables.partitions import Span, spans
from customer360_assets.tables.specs import asset_key

D = dt.date(2024, 5, 23)
FEEDS = [str(c.feed) for c in contracts("raw") if c.feed]
AS_OF = {c.table for c in (*contracts("dimension"), *contracts("profile"))}
Raw = dict[str, dict[dt.date, str]]


def day(offset: int) -> dt.date:
    return D + dt.timedelta(days=offset)


def delivered(**feeds: Mapping[int, str]) -> Raw:
    """Return the raw versions by feed and days from D; CRM has delivered on D by default."""
    given = {"crm_customer": {0: "crm"}, **feeds}
    return {f: {day(n): v for n, v in given.get(f, {}).items()} for f in FEEDS}


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def record(instance: dg.DagsterInstance, raw: Raw, batches: Iterable[Batch]) -> None:
    """Record the version of each partition, as the assets do in a batch."""
    for batch in batches:
        expected = expected_versions(raw, set(batch.span.dates))
        for table in batch.tables:
            for date in batch.span.dates:
                instance.report_runless_asset_event(
                    dg.AssetMaterialization(
                        asset_key(table),
                        partition=date.isoformat(),
                        metadata={METADATA_KEY: expected[table].get(date, NOTHING)},
                    )
                )


def run(instance: dg.DagsterInstance, raw: Raw, as_of: dt.date = D) -> list[Batch]:
    batches = outstanding(instance, raw, as_of)
    record(instance, raw, batches)
    assert outstanding(instance, raw, as_of) == []
    return batches


def tables(batches: Iterable[Batch], date: dt.date) -> set[str]:
    return {t for b in batches for t in b.tables if date in b.span.dates}


def test_deliveries_and_what_rests_on_them_share_the_run_of_their_date(
    instance: dg.DagsterInstance,
) -> None:
    (batch,) = run(instance, delivered(card={0: "a"}))
    assert batch.span == Span(D, D)
    raw = {"raw.crm_customer", "stage.customer", "raw.card", "stage.card"}
    assert set(batch.tables) == raw | AS_OF | {SERVING}


def test_nothing_is_outstanding_before_crm_delivers(instance: dg.DagsterInstance) -> None:
    raw = delivered(crm_customer={1: "later"}, card={0: "a"})
    assert tables(run(instance, raw), D) == {"raw.card", "stage.card"}
    assert tables(run(instance, raw, day(1)), day(1)) >= AS_OF


def test_a_delivery_of_a_later_date_waits(instance: dg.DagsterInstance) -> None:
    raw = delivered(card={0: "a", 3: "b"})
    assert all(b.span.last <= D for b in run(instance, raw))


def test_short_gaps_are_bridged_and_long_ones_are_not(instance: dg.DagsterInstance) -> None:
    near, far = -1 - BRIDGE, -3 - 2 * BRIDGE
    raw = delivered(card={0: "a", near: "b", far: "c"})
    ingested = [b for b in run(instance, raw) if "stage.card" in b.tables]
    assert [b.span for b in ingested] == [Span(day(far), day(far)), Span(day(near), D)]


@pytest.mark.slow
def test_a_year_of_days_is_one_run_and_not_a_profile_each(instance: dg.DagsterInstance) -> None:
    year = {-n: f"v{n}" for n in range(365)}
    batches = run(instance, delivered(card=year))
    profiles = [b for b in batches if "profile.customer_360" in b.tables]
    assert [b.span for b in profiles] == [Span(D, D)]
    assert [b.span for b in batches if "raw.card" in b.tables] == [Span(day(-364), D)]


def test_a_corrected_delivery_rebuilds_what_reads_it(instance: dg.DagsterInstance) -> None:
    run(instance, delivered(card={0: "a"}, ga_session={0: "g"}))
    batches = run(instance, delivered(card={0: "corrected"}, ga_session={0: "g"}))
    found = tables(batches, D)
    assert {"raw.card", "stage.card", "dimension.product_holding", SERVING} < found
    assert not {"raw.ga_session", "stage.web_hit", "dimension.marketing"} & found


def test_a_late_delivery_rebuilds_every_published_date_that_reads_it(
    instance: dg.DagsterInstance,
) -> None:
    first = delivered(card={0: "a"})
    run(instance, first)
    run(instance, first, day(4))
    late = delivered(card={0: "a", 2: "late"})
    batches = run(instance, late, day(4))
    assert tables(batches, D) == set()
    assert tables(batches, day(2)) == {"raw.card", "stage.card"}
    assert {"dimension.product_holding", "profile.customer_360", SERVING} <= tables(batches, day(4))
    assert "dimension.marketing" not in tables(batches, day(4))


def test_a_late_snapshot_that_a_newer_one_hides_rebuilds_nothing(
    instance: dg.DagsterInstance,
) -> None:
    run(instance, delivered(account={0: "a"}))
    batches = run(instance, delivered(account={0: "a", -2: "late"}))
    assert {t for b in batches for t in b.tables} == {"raw.account", "stage.account"}


def test_an_earlier_date_than_one_published_is_made_and_not_served_again(
    instance: dg.DagsterInstance,
) -> None:
    raw = delivered(crm_customer={-5: "old", 0: "new"})
    run(instance, raw)
    batches = outstanding(instance, raw, day(-2))
    assert tables(batches, day(-2)) == AS_OF | {SERVING}
    assert tables(batches, D) == set()


def test_rebuilt_earlier_dates_are_not_put_into_the_store(instance: dg.DagsterInstance) -> None:
    raw = delivered(card={0: "a"})
    run(instance, raw)
    run(instance, raw, day(1))
    batches = run(instance, delivered(card={0: "b"}), day(1))
    served = [b.span for b in batches if SERVING in b.tables]
    assert served == [Span(day(1), day(1))]


def test_deliveries_that_were_taken_back_empty_their_partition(
    instance: dg.DagsterInstance,
) -> None:
    run(instance, delivered(card={0: "a"}))
    batches = run(instance, delivered(card={0: NOTHING}))
    assert {"raw.card", "stage.card"} < tables(batches, D)


def test_spans() -> None:
    dates = [day(n) for n in (0, 1, 3, 10)]
    assert list(spans(dates)) == [
        Span(day(0), day(1)),
        Span(day(3), day(3)),
        Span(day(10), day(10)),
    ]
    assert list(spans(dates, bridge=1)) == [Span(day(0), day(3)), Span(day(10), day(10))]
    assert list(spans(dates, bridge=6)) == [Span(day(0), day(10))]
    assert list(spans(dates, bridge=6, longest=4)) == [
        Span(day(0), day(3)),
        Span(day(10), day(10)),
    ]
    assert list(spans(dates, longest=1)) == [Span(day(n), day(n)) for n in (0, 1, 3, 10)]
    assert list(spans([])) == []


def test_where_a_run_has_a_longest_span_a_history_is_taken_in_by_several(
    instance: dg.DagsterInstance,
) -> None:
    history = delivered(card={-n: "a" for n in range(70)})
    whole, *_ = outstanding(instance, history, D)
    assert whole.span == Span(day(-69), D)
    batches = [b for b in outstanding(instance, history, D, 31) if "raw.card" in b.tables]
    assert [b.span for b in batches] == [
        Span(day(-69), day(-39)),
        Span(day(-38), day(-8)),
        Span(day(-7), D),
    ]
