"""What the UI shows of a run of the command and of the tables that it made."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from customer360_assets.asset_specs import asset_key
from tests.run.deliveries import DAY, good_day
from tests.run.small_bank import SmallBank

NEXT = "2024-05-24"


def _numbers(instance: dg.DagsterInstance, table: str) -> tuple[object, object]:
    """Return the rows of the table and of its newest partition, as the newest event states them."""
    event = instance.get_latest_materialization_event(asset_key(table))
    assert event is not None
    assert event.asset_materialization is not None
    found = event.asset_materialization.metadata
    return (
        found["dagster/row_count"].value,
        found["dagster/partition_row_count"].value,
    )


def test_rows_of_the_table_and_of_the_partition_and_the_date_of_a_run(tmp_path: Path) -> None:
    bank = SmallBank(tmp_path)
    bank.deliver(good_day())
    assert bank.run(DAY).code == 0
    assert bank.run(NEXT).code == 0
    with bank.instance() as instance:
        # Three clients on each of two dates.
        assert _numbers(instance, "profile.customer_360") == (6, 3)
        assert _numbers(instance, "stage.customer") == (3, 3)
        assert _numbers(instance, "raw.crm_customer") == (3, 3)
        tags = [run.tags for run in instance.get_runs()]
    assert {t["customer360/business_date"] for t in tags} == {DAY, NEXT}
    assert not any("pid" in name for t in tags for name in t)
