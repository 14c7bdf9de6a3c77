"""Which upstream dates a business date needs, as Dagster's daemon and UI see it."""

from __future__ import annotations

import datetime as dt

import dagster as dg
import pytest
from dagster._core.asset_graph_view.asset_graph_view import AssetGraphView
from dagster._core.definitions.partitions.subset import TimeWindowPartitionsSubset
from dagster._core.remote_representation.external_data import RepositorySnap

from customer360_assets.assembly import definitions_of
from customer360_assets.tables.partitions import dates_up_to
from customer360_assets.tables.specs import asset_key
from resources.deployment.deployment import Deployment

FIRST = dt.date(1993, 1, 1)
DAY = "2024-05-23"


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    return definitions_of(Deployment(home=tmp_path_factory.mktemp("nowhere")))


@pytest.fixture(scope="module")
def view(definitions: dg.Definitions) -> AssetGraphView:
    return AssetGraphView.for_test(definitions, dg.DagsterInstance.ephemeral())


def needs(view: AssetGraphView, table: str, upstream: str, date: str) -> list[str]:
    """Return the dates of an upstream table that a date needs, first and last."""
    key = asset_key(table)
    subset = view.get_subset_from_partition_keys(
        key, view.asset_graph.get(key).partitions_def, {date}
    )
    found, nonexistent = view.compute_parent_subset_and_required_but_nonexistent_subset(
        asset_key(upstream), subset
    )
    assert nonexistent.is_empty
    dates = sorted(found.expensively_compute_partition_keys())
    return [dates[0], dates[-1], str(len(dates))]


def test_an_as_of_table_needs_every_date_up_to_its_own(view: AssetGraphView) -> None:
    days = (dt.date.fromisoformat(DAY) - FIRST).days + 1
    expected = [str(FIRST), DAY, str(days)]
    assert needs(view, "dimension.loyalty", "stage.transaction", DAY) == expected
    assert needs(view, "dimension.demographic", "stage.customer", DAY) == expected


def test_the_first_business_date_needs_no_date_before_it(view: AssetGraphView) -> None:
    expected = [str(FIRST), str(FIRST), "1"]
    assert needs(view, "dimension.loyalty", "stage.transaction", str(FIRST)) == expected


@pytest.mark.parametrize(
    ("table", "upstream"),
    [
        ("stage.card", "raw.card"),
        ("profile.customer_360", "dimension.loyalty"),
        ("serving.customer_profile", "profile.customer_360"),
    ],
)
def test_what_shares_a_date_needs_that_date_alone(
    view: AssetGraphView, table: str, upstream: str
) -> None:
    assert needs(view, table, upstream, DAY) == [DAY, DAY, "1"]


def test_a_window_is_an_upper_bound(definitions: dg.Definitions) -> None:
    days = dg.DailyPartitionsDefinition(start_date="2020-01-01", end_offset=1)
    subset = days.empty_subset().with_partition_keys([DAY])
    found = dates_up_to(3).get_upstream_mapped_partitions_result_for_partitions(subset, days, days)
    dates = sorted(found.partitions_subset.get_partition_keys())
    assert dates[0] <= "2024-02-24"
    assert dates[-1] == DAY


def test_the_daemon_and_the_ui_get_the_same(definitions: dg.Definitions) -> None:
    """Dagster's own mappings reach the daemon; one of our own would be lost on the way."""
    repository = definitions.get_repository_def()
    nodes = {n.asset_key: n for n in RepositorySnap.from_def(repository).asset_nodes}
    edges = {e.parent_asset_key: e for e in nodes[asset_key("dimension.loyalty")].parent_edges}
    mapping = edges[asset_key("stage.transaction")].partition_mapping
    assert mapping == dates_up_to()


def test_thirty_years_of_dates_cost_the_graph_nothing() -> None:
    days = dg.DailyPartitionsDefinition(start_date="1993-01-01", end_offset=1)
    subset = days.empty_subset().with_partition_keys([DAY])
    mapping = dates_up_to()
    up = mapping.get_upstream_mapped_partitions_result_for_partitions(subset, days, days)
    down = mapping.get_downstream_partitions_for_partitions(subset, days, days)
    for dates, least in ((up.partitions_subset, 11_000), (down, 900)):
        # One window from a date to a date: no date within it is listed.
        assert isinstance(dates, TimeWindowPartitionsSubset)
        assert len(dates.included_time_windows) == 1
        assert len(dates) > least
