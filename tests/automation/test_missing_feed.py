"""A day on which one feed is missing: what runs, what waits and until when, and what is said."""

from __future__ import annotations

import datetime as dt

import pytest
from dagster._core.test_utils import freeze_time

from customer360_assets.contracts import contracts
from customer360_assets.planning.outstanding import SERVING
from customer360_assets.tables.transformations import transformation
from tests.automation.test_conditions import (  # noqa: F401  fixtures
    AS_OF,
    CARD,
    CRM,
    Bank,
    bank,
    day,
    definitions,
)

READS_TRANSACTIONS = {
    c.table for c in contracts("dimension") if "stage.transaction" in transformation(c.table).reads
}
EVENING = dt.datetime(2024, 5, 24, 20, tzinfo=dt.UTC)
NEXT_MORNING = dt.datetime(2024, 5, 25, 6, 1, tzinfo=dt.UTC)
LABEL = "the delivery of transaction for the date may still come"


def _two_days(bank: Bank) -> None:  # noqa: F811
    """Everything came on D and is published; on the next day transactions are missing."""
    bank.deliver(crm_customer={0: "crm"}, transaction={0: "t"}, card={0: "c"})
    with freeze_time(EVENING):
        bank.settle()
        bank.deliver(crm_customer={1: "crm"}, card={1: "c"})


def test_what_needs_the_feed_waits_and_the_rest_runs(bank: Bank) -> None:  # noqa: F811
    _two_days(bank)
    with freeze_time(EVENING):
        (asked,) = bank.settle()
        assert bank.ticks.tick() == {}
    ran = asked[day(1)]
    assert ran >= CRM | CARD | {"dimension.product_holding"}
    assert not ran & READS_TRANSACTIONS
    assert not ran & {"profile.customer_360", SERVING}
    assert len(READS_TRANSACTIONS) > 3
    for table in READS_TRANSACTIONS:
        assert bank.ticks.holds(table)[LABEL] == {day(1)}
    ((why, dates),) = bank.ticks.holds("profile.customer_360").items()
    assert why.removesuffix(" is outstanding on a date that it reads") in READS_TRANSACTIONS
    assert dates == {day(1)}
    said = (
        f"dimension.loyalty {day(1)} waits for a delivery of transaction for this date,"
        " until 2024-05-25 06:00 UTC; then it is made without one."
    )
    assert said in bank.ticks.said


@pytest.mark.slow
def test_when_it_comes_the_rest_follows(bank: Bank) -> None:  # noqa: F811
    _two_days(bank)
    with freeze_time(EVENING):
        bank.settle()
        bank.deliver(transaction={1: "t"})
        (asked,) = bank.settle()
    follows = {"raw.transaction", "stage.transaction", "profile.customer_360", SERVING}
    assert asked[day(1)] >= READS_TRANSACTIONS | follows
    assert not asked[day(1)] & (CRM | CARD | {"dimension.product_holding"})


def test_when_it_does_not_come_the_day_closes_without_it(bank: Bank) -> None:  # noqa: F811
    _two_days(bank)
    with freeze_time(EVENING):
        bank.settle()
    with freeze_time(NEXT_MORNING):
        (asked,) = bank.settle()
    assert asked == {day(1): READS_TRANSACTIONS | {"profile.customer_360", SERVING}}


@pytest.mark.slow
def test_a_published_date_is_not_held_for_a_feed(bank: Bank) -> None:  # noqa: F811
    bank.deliver(crm_customer={0: "crm"}, transaction={0: "t"})
    with freeze_time(EVENING):
        bank.settle()
        bank.deliver(crm_customer={1: "crm"})
    with freeze_time(NEXT_MORNING):
        bank.settle()
        bank.deliver(crm_customer={1: "corrected"})
        (asked,) = bank.settle()
    assert asked[day(1)] >= AS_OF - {"dimension.product_holding"} - READS_TRANSACTIONS
