"""Dates before the first customers fail in a backfill, and the others of its run are published."""

from __future__ import annotations

import pytest

from customer360_assets.publishing.checks.kept_keys import TAG
from customer360_assets.tables.specs import asset_key
from tests.run.deliveries import DAY
from tests.run.kept import Kept
from tests.run.loss_bank import NEXT, PROFILE, check, dates, materialize
from tests.run.small_bank import SmallBank

TABLE = "dimension.demographic"
BEFORE = "2024-05-22"


@pytest.fixture
def bank(first_ten: Kept) -> SmallBank:
    """A bank whose first customers came on DAY."""
    return first_ten.back()


@pytest.mark.slow
def test_a_date_without_customers_is_refused(bank: SmallBank) -> None:
    ran = materialize(bank, BEFORE, BEFORE, TABLE, PROFILE)
    assert not ran.success
    problems = [p for table in ran.tables for p in table.problems]
    assert problems[0] == (
        f"{TABLE} {BEFORE}: Not published. {BEFORE} would have no row. No customer was delivered on"
        f" or before {BEFORE}: there is one row per client known to CRM. Check the feed"
        " crm_customer in raw.delivery."
    )
    found = check(bank, TABLE, ran.run_id)
    assert (found.passed, found.severity.value) == (False, "ERROR")
    assert dates(bank, TABLE) == dates(bank, PROFILE) == {DAY: 10}


@pytest.mark.slow
def test_a_backfill_publishes_the_dates_that_have_customers(bank: SmallBank) -> None:
    ran = materialize(bank, "2024-05-18", NEXT, TABLE)
    assert not ran.success
    assert dates(bank, TABLE) == {DAY: 10, NEXT: 10}
    (problem,) = ran.tables[0].problems
    assert problem.count("No customer was delivered") == 3
    assert problem.endswith("2 more dates are refused, 2024-05-21 to 2024-05-22.")
    with bank.instance() as instance:
        assert instance.get_materialized_partitions(asset_key(TABLE)) == {DAY, NEXT}


@pytest.mark.slow
def test_emptiness_is_accepted_of_the_table_itself_alone(bank: SmallBank) -> None:
    refused = materialize(bank, BEFORE, BEFORE, TABLE, tags={TAG: "stage.customer"})
    assert not refused.success
    ran = materialize(bank, BEFORE, BEFORE, TABLE, tags={TAG: f"stage.customer,{TABLE}"})
    assert ran.success
    found = check(bank, TABLE, ran.run_id)
    assert (found.passed, found.severity.value) == (True, "WARN")
