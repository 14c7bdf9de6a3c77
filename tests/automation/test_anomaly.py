"""A partition unlike those before it: reported with numbers, and published anyway."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal

import dagster as dg
import pytest

from customer360_assets.contracts import contract
from customer360_assets.contracts.contract import Control
from customer360_assets.planning.materializations import ROWS
from customer360_assets.planning.versions import METADATA_KEY
from customer360_assets.publishing.checks.anomaly import anomaly_finding
from customer360_assets.publishing.checks.totals import total_findings
from customer360_assets.tables.specs import asset_key
from tests.run.deliveries import DAY, good_day, two_feeds
from tests.run.small_bank import SmallBank

D = dt.date.fromisoformat(DAY)
CARDS = contract("stage.card")


def before(*rows: float) -> list[dict[str, float]]:
    return [{"rows": n, "sum(amount)": n * 10} for n in rows]


STEADY = before(*(1000 + n % 7 for n in range(28)))


def test_a_usual_day_passes() -> None:
    found = anomaly_finding(CARDS, D, {"rows": 1003, "sum(amount)": 10_030}, STEADY)
    assert found.passed
    assert found.sentence == f"{D} is like the 28 partitions before it."
    assert found.numbers["rows, usual"] == 1003


def test_half_a_delivery_is_reported_with_numbers_and_stops_nothing() -> None:
    found = anomaly_finding(CARDS, D, {"rows": 480, "sum(amount)": 10_030}, STEADY)
    assert not found.passed
    assert not found.stops(CARDS)
    assert "rows is 480, where 1,003 give or take 50 is usual" in found.sentence
    assert "sum(amount)" not in found.sentence
    result = found.result(CARDS)
    assert result.severity == dg.AssetCheckSeverity.WARN


def test_a_measure_is_reported_though_the_rows_are_usual() -> None:
    found = anomaly_finding(CARDS, D, {"rows": 1003, "sum(amount)": 90_000}, STEADY)
    assert "sum(amount) is 90,000" in found.sentence


def test_an_odd_day_in_the_history_hides_nothing_and_alarms_nobody() -> None:
    history = before(*(1000 + n % 7 for n in range(26)), 1, 900_000)
    assert anomaly_finding(CARDS, D, {"rows": 1002}, history).passed
    assert not anomaly_finding(CARDS, D, {"rows": 100}, history).passed


def test_without_enough_history_nothing_is_judged() -> None:
    found = anomaly_finding(CARDS, D, {"rows": 1}, STEADY[:6])
    assert found.passed
    assert "7 partitions" in found.sentence


def test_the_contract_says_whether_it_stops() -> None:
    strict = dataclasses.replace(CARDS, blocking=(*CARDS.blocking, "anomaly"))
    found = anomaly_finding(strict, D, {"rows": 1}, STEADY)
    assert found.stops(strict)
    assert found.sentence.startswith("Not published. ")
    assert found.result(strict).severity == dg.AssetCheckSeverity.ERROR


def control(name: str, **given: str) -> Control:
    return Control(name, "count(*)", "SELECT 1", **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("got", "failing"), [("9", "reconciliation"), ("10", None), ("11", "fan_out")]
)
def test_a_join_that_loses_differs_from_one_that_multiplies(got: str, failing: str | None) -> None:
    findings = total_findings({control("clients"): (Decimal(got), Decimal(10))})
    table = contract("dimension.demographic")
    assert {f.check for f in findings} == {"reconciliation", "fan_out"}
    assert [f.check for f in findings if not f.passed] == ([failing] if failing else [])
    assert [f.check for f in findings if f.stops(table)] == ([failing] if failing else [])


def test_a_control_that_warns_is_reported_and_stops_nothing() -> None:
    totals = {
        control("hits", severity="warn"): (Decimal(9), Decimal(10)),
        control("clients"): (Decimal(10), Decimal(10)),
    }
    reconciliation, fan_out = total_findings(totals)
    table = contract("dimension.marketing")
    assert not reconciliation.passed
    assert not reconciliation.stops(table)
    assert reconciliation.sentence.startswith("Published anyway. hits: 9, less than the 10")
    assert fan_out.passed


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> SmallBank:
    """A bank on whose record card deliveries of a hundred are usual; now two come."""
    bank = SmallBank(tmp_path_factory.mktemp("anomaly"))
    movements = f"transactions/{DAY}.parquet"
    bank.deliver({**two_feeds(), movements: good_day()[movements]})
    with bank.instance() as instance:
        for n in range(1, 29):
            event = dg.AssetMaterialization(
                asset_key("stage.card"),
                partition=str(D - dt.timedelta(days=n)),
                metadata={METADATA_KEY: "seen", ROWS: 100 + n % 3},
            )
            instance.report_runless_asset_event(event)
    return bank


@pytest.mark.slow
def test_an_asset_judges_itself_by_its_record(bank: SmallBank) -> None:
    """The dates before have no row in the lake: the record alone is read."""
    ran = bank.run(DAY)
    assert ran.code == 0, ran.output
    with bank.instance() as instance:
        reported = {
            check: instance.event_log_storage.get_latest_asset_check_execution_by_key(
                [dg.AssetCheckKey(asset_key(table), check)]
            )
            for table, check in (("stage.card", "anomaly"), ("stage.transaction", "contract"))
        }
        ((_, odd),) = reported["anomaly"].items()
        evaluation = odd.evaluation
        assert evaluation is not None
        assert not evaluation.passed
        assert not evaluation.blocking
        assert "rows is 2, where 101 give or take 5 is usual" in str(evaluation.description)
        event = instance.get_latest_materialization_event(asset_key("stage.transaction"))
        assert event is not None
        assert event.asset_materialization is not None
        recorded = event.asset_materialization.metadata
        assert recorded["sum(amount)"].value == pytest.approx(13.51)
        profile = instance.get_latest_materialization_event(asset_key("dimension.demographic"))
        assert profile is not None
        assert profile.asset_materialization is not None
        assert profile.asset_materialization.metadata["every client of CRM has a row"].value == 3
