"""Which runs the automation asks for, tick by tick, from hand-made deliveries and records."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
import pytest
from dagster._core.events import (
    AssetMaterializationPlannedData,
    DagsterEvent,
    StepMaterializationData,
)
from dagster._core.utils import make_new_run_id

from customer360_assets.assembly import definitions_of
from customer360_assets.automation.conditions.condition_operands import NEVER_BEGAN
from customer360_assets.contracts import contracts
from customer360_assets.deliveries.log import DeliveryLog
from customer360_assets.planning.outstanding import SERVING, expected_versions
from customer360_assets.planning.versions import METADATA_KEY, NOTHING
from customer360_assets.tables.specs import asset_key
from resources.deployment.deployment import Deployment
from tests.automation.ticks import Asked, Ticks

D = dt.date(2024, 5, 23)
FEEDS = [str(c.feed) for c in contracts("raw") if c.feed]
AS_OF = {c.table for c in (*contracts("dimension"), *contracts("profile"))}
CARD = {"raw.card", "stage.card"}
CRM = {"raw.crm_customer", "stage.customer"}


def day(offset: int) -> str:
    return str(D + dt.timedelta(days=offset))


class Bank:
    """Deliveries by feed and days from D, a record of what was made, and the sensor's ticks."""

    def __init__(self, ticks: Ticks) -> None:
        self.ticks = ticks
        self.raw: dict[str, dict[dt.date, str]] = {feed: {} for feed in FEEDS}

    def deliver(self, **feeds: Mapping[int, str]) -> None:
        for feed, versions in feeds.items():
            self.raw[feed] |= {D + dt.timedelta(days=n): v for n, v in versions.items()}

    def make(self, asked: Asked, *but: str) -> None:
        """Simulate the runs: plan each partition, and record its materialization and version."""
        for date, tables in asked.items():
            expected = expected_versions(self.raw, {dt.date.fromisoformat(date)})
            run = self._ended_run(began=True)
            for table in sorted(tables):
                planned = AssetMaterializationPlannedData(asset_key(table), partition=date)
                self._report(run, dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED, planned)
            for table in sorted(tables - set(but)):
                version = expected[table].get(dt.date.fromisoformat(date), NOTHING)
                event = dg.AssetMaterialization(
                    asset_key(table), partition=date, metadata={METADATA_KEY: version}
                )
                self._report(
                    run, dg.DagsterEventType.ASSET_MATERIALIZATION, StepMaterializationData(event)
                )

    def lose(self, asked: Asked) -> None:
        """Simulate runs whose process never began: plan each partition, and fail."""
        for date, tables in asked.items():
            run = self._ended_run(began=False)
            for table in sorted(tables):
                planned = AssetMaterializationPlannedData(asset_key(table), partition=date)
                self._report(run, dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED, planned)

    def _ended_run(self, *, began: bool) -> dg.DagsterRun:
        run = self.ticks.instance.add_run(dg.DagsterRun("day", make_new_run_id()))
        if began:
            self._report(run, dg.DagsterEventType.RUN_START, None)
        self.ticks.instance.report_run_failed(run)
        return run

    def _report(self, run: dg.DagsterRun, kind: dg.DagsterEventType, data: Any) -> None:
        event = DagsterEvent(kind.value, run.job_name, event_specific_data=data)
        self.ticks.instance.report_dagster_event(event, run.run_id)

    def settle(self) -> list[Asked]:
        """Tick and make until nothing more is asked for."""
        asked = []
        while now := self.ticks.tick():
            asked.append(now)
            self.make(now)
            assert len(asked) < 10
        return asked


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    home = tmp_path_factory.mktemp("nowhere")
    return definitions_of(Deployment(home=home, first_business_date=dt.date(2024, 1, 1)))


@pytest.fixture
def bank(definitions: dg.Definitions, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bank]:
    with dg.DagsterInstance.ephemeral() as instance:
        bank = Bank(Ticks(definitions, instance))
        monkeypatch.setattr(DeliveryLog, "versions", lambda _self: copy.deepcopy(bank.raw))
        yield bank


def test_nothing_is_asked_for_without_a_delivery(bank: Bank) -> None:
    assert bank.ticks.tick() == {}


def test_a_delivery_brings_its_date_in_one_run(bank: Bank) -> None:
    bank.deliver(crm_customer={0: "crm"}, card={0: "a"})
    assert bank.settle() == [{day(0): CRM | CARD | AS_OF | {SERVING}}]
    assert bank.ticks.tick() == {}


@pytest.mark.slow
def test_a_history_is_taken_in_and_only_its_newest_date_is_derived(bank: Bank) -> None:
    bank.deliver(crm_customer={-30: "crm"}, card={-n: f"v{n}" for n in range(30)})
    first, second = bank.settle()
    assert first[day(-30)] == CRM
    assert all(first[day(-n)] == CARD for n in range(30))
    assert second == {day(0): AS_OF | {SERVING}}


def test_a_late_file_rebuilds_what_reads_it_and_nothing_else(bank: Bank) -> None:
    for n in range(-4, 1):
        bank.deliver(crm_customer={n: f"crm{n}"}, transaction={n: f"t{n}"}, card={n: f"c{n}"})
        bank.settle()
    bank.deliver(card={-3: "late"})
    first, second = bank.settle()
    reads_cards = {"dimension.product_holding", "profile.customer_360"}
    assert first[day(-3)] >= CARD | reads_cards
    assert set(first) == {day(-3)}
    assert set(second) == {day(-2), day(-1), day(0)}
    for date, tables in second.items():
        assert tables >= reads_cards
        assert not tables & (CARD | CRM | {"stage.transaction", "dimension.demographic"})
        assert (SERVING in tables) == (date == day(0))


def test_a_late_snapshot_that_a_newer_one_hides_rebuilds_nothing_else(bank: Bank) -> None:
    bank.deliver(crm_customer={0: "crm"}, account={0: "a"})
    bank.settle()
    bank.deliver(account={-2: "late"})
    (asked,) = bank.settle()
    assert asked == {day(-2): {"raw.account", "stage.account"}}


def test_a_snapshot_feed_without_news_holds_nothing(bank: Bank) -> None:
    bank.deliver(crm_customer={0: "crm"}, account={0: "a"}, web_visitor_map={0: "m"})
    bank.settle()
    bank.deliver(transaction={1: "t"})
    (asked,) = bank.settle()
    assert asked[day(1)] >= AS_OF | {SERVING, "raw.transaction", "stage.transaction"}


def test_a_file_without_a_date_asks_for_no_date_of_its_own(bank: Bank) -> None:
    """It has the date of the day it came: a bank's history is taken in today, too."""
    bank.deliver(crm_customer={0: "crm"}, web_visitor_map={300: "m"})
    (asked,) = bank.settle()
    assert asked == {
        day(0): CRM | AS_OF | {SERVING},
        day(300): {"raw.web_visitor_map", "stage.web_visitor_map"},
    }


def test_an_input_that_failed_holds_what_reads_it_and_says_so(bank: Bank) -> None:
    bank.deliver(crm_customer={0: "crm"}, card={0: "a"})
    bank.settle()
    bank.deliver(card={1: "b"}, transaction={1: "t"})
    asked = bank.ticks.tick()
    holding = {t for t in asked[day(1)] if t in AS_OF}
    failed = {"stage.card", *holding, SERVING}
    bank.make(asked, *failed)
    # The failed table is not asked for again, and nothing is derived without it.
    later = bank.ticks.tick()
    assert "stage.card" not in later.get(day(1), set())
    assert "dimension.product_holding" not in later.get(day(1), set())
    held = bank.ticks.holds("dimension.product_holding")
    assert held == {"stage.card is outstanding on a date that it reads": {day(1)}}
    waiting = f"dimension.product_holding {day(1)} waits for stage.card of {day(1)}"
    assert any(line.startswith(waiting) for line in bank.ticks.said)
    assert bank.ticks.holds("stage.card") == {
        "it was tried with the same inputs and not made": {day(1)}
    }
    # Re-executed by hand, it lets the rest go on.
    bank.make({day(1): {"stage.card"}})
    assert "dimension.product_holding" in bank.settle()[0][day(1)]


@pytest.mark.slow
def test_what_a_run_that_never_began_was_to_make_is_asked_for_again(bank: Bank) -> None:
    bank.deliver(crm_customer={0: "crm"}, card={0: "a"})
    asked = bank.ticks.tick()
    for _ in range(2):
        bank.lose(asked)
        assert bank.ticks.tick() == asked
    bank.make(asked)
    assert bank.ticks.tick() == {}


@pytest.mark.slow
def test_what_no_run_ever_begins_to_make_is_not_asked_for_without_end(bank: Bank) -> None:
    bank.deliver(crm_customer={0: "crm"}, card={0: "a"})
    asked = bank.ticks.tick()
    for _ in range(NEVER_BEGAN - 1):
        bank.lose(asked)
        assert bank.ticks.tick() == asked
    bank.lose(asked)
    assert bank.ticks.tick() == {}
    assert any("failed with these inputs" in line for line in bank.ticks.said)


def test_what_failed_is_asked_for_again_when_it_is_corrected(bank: Bank) -> None:
    bank.deliver(crm_customer={0: "crm"}, card={0: "bad"})
    asked = bank.ticks.tick()
    bank.make(asked, "raw.card", "stage.card", *AS_OF, SERVING)
    for _ in range(3):
        again = bank.ticks.tick()
        assert not {"raw.card", "stage.card"} & again.get(day(0), set())
        bank.make(again, *AS_OF, SERVING)
    bank.deliver(card={0: "good"})
    assert bank.ticks.tick()[day(0)] >= CARD


@pytest.mark.slow
def test_what_fails_is_tried_a_bounded_number_of_times(bank: Bank) -> None:
    bank.deliver(crm_customer={0: "crm"}, card={0: "a"})
    tries = 0
    for _ in range(8):
        asked = bank.ticks.tick()
        tries += "dimension.product_holding" in asked.get(day(0), set())
        bank.make(asked, "dimension.product_holding", "profile.customer_360", SERVING)
    assert 1 <= tries <= 2


def test_a_delivery_of_tomorrow_waits_for_its_date(bank: Bank) -> None:
    ahead = (dt.datetime.now(dt.UTC).date() - D).days + 3
    bank.deliver(crm_customer={0: "crm", ahead: "early"})
    assert [set(asked) for asked in bank.settle()] == [{day(0)}]


def test_daily_runs_go_before_backfills(bank: Bank) -> None:
    bank.deliver(crm_customer={0: "crm"})
    bank.ticks.tick()
    assert {r.tags["dagster/priority"] for r in bank.ticks.requests} == {"10"}
