"""The profile store follows the newest profile that is made, whatever of the next day is here."""

from __future__ import annotations

import datetime as dt

import pytest
from dagster._core.test_utils import freeze_time

from customer360_assets.planning.outstanding import SERVING
from tests.automation.test_conditions import Bank, bank, day, definitions

__all__ = ["bank", "definitions"]
PROFILE = "profile.customer_360"


def _at(days: int, hour: int) -> dt.datetime:
    return dt.datetime(2024, 5, 23, hour, tzinfo=dt.UTC) + dt.timedelta(days=days)


def _settled(bank: Bank, now: dt.datetime, table: str) -> list[str]:
    with freeze_time(now):
        return [
            date for asked in bank.settle() for date, tables in asked.items() if table in tables
        ]


@pytest.mark.slow
def test_every_profile_is_served_although_the_next_day_has_begun(bank: Bank) -> None:
    made, served = [], []
    for n in range(4):
        # Of a day: its clients and cards at five, the day before's transactions at seven.
        bank.deliver(crm_customer={n: f"crm {n}"}, card={n: f"card {n}"})
        with freeze_time(_at(n, 5)):
            asked = bank.settle()
        bank.deliver(transaction={n - 1: f"transaction {n - 1}"})
        with freeze_time(_at(n, 7)):
            asked += bank.settle()
        made += [d for run in asked for d, tables in run.items() if PROFILE in tables]
        served += [d for run in asked for d, tables in run.items() if SERVING in tables]
    assert made == served
    assert made[-1] == day(2)


def test_a_correction_of_the_served_day_reaches_the_store(bank: Bank) -> None:
    bank.deliver(crm_customer={0: "crm"}, transaction={0: "first"}, card={0: "card"})
    assert _settled(bank, _at(1, 2), SERVING) == [day(0)]
    bank.deliver(card={1: "card of the next day"})
    bank.deliver(transaction={0: "corrected"})
    assert _settled(bank, _at(1, 20), SERVING) == [day(0)]
