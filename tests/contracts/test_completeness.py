"""What the gate counts and allows, without a run."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from customer360_assets.contracts import SCHEMAS, contract, contracts
from customer360_assets.feeds.loader import load_feeds
from customer360_assets.planning.versions import METADATA_KEY
from customer360_assets.publishing.checks.kept_keys import (
    Loss,
    completeness_finding,
    loss_sql,
    losses_between,
)
from customer360_assets.publishing.checks.specs import check_names
from customer360_assets.publishing.completeness import ACCEPTED, accepted_before, gated_tables
from customer360_assets.tables.specs import asset_key
from resources.dialect.athena_sql import to_duckdb
from resources.dialect.lint import lint

CUSTOMER = contract("stage.customer")
MAP = contract("stage.web_visitor_map")
LOYALTY = contract("dimension.loyalty")


def day(number: int) -> dt.date:
    return dt.date(2024, 5, number)


def counted(published: str, candidate: str) -> list[Mapping[str, object]]:
    """Run the query over VALUES of (business_date, full_visitor_id, client_id)."""
    with duckdb.connect() as db:
        db.execute("CREATE SCHEMA published; CREATE SCHEMA candidate")
        for name, values in (("published", published), ("candidate", candidate)):
            db.execute(
                f"CREATE TABLE {name}.rows AS SELECT CAST(d AS DATE) AS business_date,"
                f" v AS full_visitor_id, c AS client_id FROM (VALUES {values}) AS t(d, v, c)"
            )
        found: list[Mapping[str, object]] = (
            db.execute(to_duckdb(loss_sql(MAP))).to_arrow_table().to_pylist()
        )
        return found


def test_every_date_is_compared_with_the_one_before_it() -> None:
    published = "('2024-05-01', 'a', 1), ('2024-05-01', 'a', 2), ('2024-05-01', 'a', 2)"
    second = "('2024-05-03', 'a', 2), ('2024-05-03', 'b', 1), ('2024-05-03', 'c', 1)"
    third = "('2024-05-04', 'a', 1), ('2024-05-04', 'b', 1)"
    rows = counted(published, f"{second}, {third}")
    places = [(day(1), False), (day(3), True), (day(4), True)]
    # Pairs, not rows; ('a', 1) is missing on the 3rd though it is back on the 4th.
    assert losses_between(places, rows) == [
        Loss(day(3), day(1), 2, 1),
        Loss(day(4), day(3), 3, 2),
    ]


def test_a_date_is_compared_with_what_is_published_of_itself() -> None:
    rows = counted("('2024-05-03', 'a', 1), ('2024-05-03', 'b', 2)", "('2024-05-03', 'b', 2)")
    places = [(day(3), False), (day(3), True)]
    assert losses_between(places, rows) == [Loss(day(3), day(3), 2, 1)]


@pytest.mark.parametrize("table", gated_tables())
def test_the_query_is_of_the_dialect_that_both_deployments_run(table: str) -> None:
    assert lint(loss_sql(contract(table))) == []


def test_a_date_that_lost_everything_is_found() -> None:
    rows = counted("('2024-05-03', 'a', 1)", "('2024-05-04', 'b', 2)")
    assert losses_between([(day(3), False), (day(4), True)], rows) == [Loss(day(4), day(3), 1, 1)]


@pytest.mark.parametrize(
    ("share", "keys", "missing", "passes"),
    [
        (0.10, 10, 1, True),
        (0.10, 9, 1, False),
        (0.10, 10, 2, False),
        # 0.29 * 100 is 28.999999999999996 in floating point.
        (0.29, 100, 29, True),
        (0.0, 1_000_000, 1, False),
        (1.0, 3, 3, True),
    ],
)
def test_the_contract_states_what_may_go(
    share: float, keys: int, missing: int, passes: bool
) -> None:
    of = dataclasses.replace(CUSTOMER, max_loss=share)
    finding = completeness_finding(of, [Loss(day(2), day(1), keys, missing)])
    assert (finding.passed, finding.stops(of)) == (passes, not passes)


def test_the_first_date_has_nothing_to_be_compared_with() -> None:
    assert completeness_finding(CUSTOMER, [Loss(day(1))]).passed


def test_a_share_above_one_is_refused() -> None:
    with pytest.raises(ValueError, match=r"stage\.customer: max_loss is a share"):
        dataclasses.replace(CUSTOMER, max_loss=10)


def test_snapshots_and_as_of_tables_have_the_gate_and_no_other_table() -> None:
    as_of = {c.table for schema in ("dimension", "profile") for c in contracts(schema)}
    feeds = load_feeds("workshop")
    whole = {c.table for c in contracts("stage") if feeds[str(c.feed)].delivery == "snapshot"}
    assert set(gated_tables()) == as_of | whole
    assert "stage.customer" in whole
    everything = [c for schema in SCHEMAS for c in contracts(schema)]
    checked = {c.table for c in everything if "completeness" in check_names(c)}
    assert checked == set(gated_tables())


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """An instance on whose record stage.customer lost 5 clients on the 2nd, accepted."""
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        for date, metadata in ((day(1), {}), (day(2), {ACCEPTED: 5})):
            instance.report_runless_asset_event(
                dg.AssetMaterialization(
                    asset_key("stage.customer"),
                    partition=str(date),
                    metadata={METADATA_KEY: "v", **metadata},
                )
            )
        yield instance


@pytest.mark.parametrize(
    ("loss", "accepted"),
    [
        # 5 of 10 were accepted; one more may go, two may not.
        (Loss(day(2), day(1), 10, 6), True),
        (Loss(day(2), day(1), 10, 7), False),
        (Loss(day(3), day(1), 10, 6), True),
        # Accepted before the date that it is compared with, or after its own.
        (Loss(day(3), day(2), 10, 5), False),
        (Loss(day(1), dt.date(2024, 4, 30), 10, 5), False),
    ],
)
def test_a_loss_that_was_accepted_at_the_source_explains_as_many_keys(
    instance: dg.DagsterInstance, loss: Loss, accepted: bool
) -> None:
    expected = "the run that published stage.customer" if accepted else None
    assert accepted_before(instance, LOYALTY, [loss]) == expected
    # Pairs of visitor and client are no clients.
    assert accepted_before(instance, MAP, [loss]) is None
