"""A snapshot of which stage refuses every record is not taken for the one that is in force."""

from __future__ import annotations

import datetime as dt

import pytest

from customer360_assets.publishing.checks.results import conservation_finding, nothing_left
from tests.run.deliveries import DAY, client, crm, crm_file
from tests.run.small_bank import SmallBank

LATER = "2024-05-24"


@pytest.mark.slow
def test_a_snapshot_refused_whole_makes_no_date_of_an_older_one(sound_bank: SmallBank) -> None:
    bank = sound_bank
    bank.deliver({crm_file(LATER): crm(client(-5001), client(-5002))})
    ran = bank.run(LATER)
    assert ran.code == 1
    said = " ".join(ran.output.split())
    assert f"Not published. No delivered record of {LATER} fits the contract: " in said
    assert list(bank.platform().lake.dates("profile.customer_360")) == [dt.date.fromisoformat(DAY)]
    bank.deliver({crm_file(LATER): crm(client(5001, occupation="pilot"))})
    assert bank.run(LATER, accept_loss=["stage.customer"]).code == 0
    assert bank.rows(
        "SELECT client_id, delivered_crm_customer FROM profile.customer_360", as_of=LATER
    ) == [{"client_id": 5001, "delivered_crm_customer": dt.date.fromisoformat(LATER)}]


def test_what_is_lost_is_reported_beside_what_is_refused_whole() -> None:
    day = dt.date.fromisoformat(DAY)
    found = nothing_left(conservation_finding(4, 0, 0, 3, {}), [day], {"age in range": 3})
    assert "1 unaccounted for" in found.sentence
    assert f"No delivered record of {day} fits the contract: age in range 3." in found.sentence
    whole = conservation_finding(3, 3, 0, 0, {})
    assert nothing_left(whole, [], {}) == whole
