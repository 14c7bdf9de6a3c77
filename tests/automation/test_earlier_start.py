"""A file from before the first partition comes while the sensor has a cursor of the later start."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from customer360_assets.assembly import definitions_of
from customer360_assets.deliveries.log import DeliveryLog
from customer360_assets.planning.outstanding import SERVING
from resources.deployment.deployment import Deployment
from tests.automation.test_conditions import CARD, Bank, D, day
from tests.automation.ticks import Ticks


def starting(home: Path, first: dt.date) -> dg.Definitions:
    return definitions_of(Deployment(home=home, first_delivery=first))


@pytest.fixture
def bank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bank]:
    with dg.DagsterInstance.ephemeral() as instance:
        bank = Bank(Ticks(starting(tmp_path, D), instance))
        monkeypatch.setattr(DeliveryLog, "versions", lambda _self: copy.deepcopy(bank.raw))
        yield bank


def test_it_is_made_once_the_code_location_is_loaded_anew(bank: Bank, tmp_path: Path) -> None:
    bank.deliver(crm_customer={0: "crm"}, card={0: "a"})
    bank.settle()
    bank.deliver(card={-3: "older"})
    assert bank.ticks.tick() == {}, "the date is no partition yet, and the sensor goes on"
    bank.ticks.definitions = starting(tmp_path, D - dt.timedelta(days=3))
    holdings = {"dimension.loyalty", "dimension.product_holding"}
    assert bank.settle() == [
        {day(-3): CARD},
        {day(0): holdings | {"profile.customer_360", SERVING}},
    ]
    assert bank.ticks.tick() == {}


def test_a_date_that_failed_is_asked_for_once_more_at_most(bank: Bank, tmp_path: Path) -> None:
    bank.deliver(crm_customer={0: "crm"}, card={0: "a"})
    bank.make(bank.ticks.tick(), "stage.card")
    bank.ticks.tick()
    bank.ticks.definitions = starting(tmp_path, D - dt.timedelta(days=3))
    again = [bank.ticks.tick() for _ in range(3)]
    assert again[-1] == {}
    assert sum("stage.card" in tables for asked in again for tables in asked.values()) <= 1
