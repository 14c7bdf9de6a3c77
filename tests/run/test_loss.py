"""A snapshot that lost too many of its keys is not published, unless somebody accepts the loss."""

from __future__ import annotations

from pathlib import Path

import pytest

from customer360_assets.publishing.checks.kept_keys import TAG
from customer360_assets.publishing.completeness import gated_tables
from tests.run.deliveries import CARDS, DAY, card, card_file
from tests.run.kept import Kept
from tests.run.loss_bank import (
    NEXT,
    PROFILE,
    TEN,
    check,
    customers,
    dates,
    first_day,
    materialize,
    recorded,
)
from tests.run.small_bank import SmallBank

CUSTOMER = "stage.customer"
LATER = "2024-05-25"


@pytest.fixture
def bank(first_ten: Kept) -> SmallBank:
    """A bank with one published date of ten clients."""
    return first_ten.back()


@pytest.mark.slow
def test_a_tenth_of_the_clients_may_go_and_no_more(bank: SmallBank) -> None:
    bank.deliver(customers(NEXT, TEN[1:]))
    assert bank.run(NEXT).code == 0
    assert dates(bank, PROFILE) == {DAY: 10, NEXT: 9}
    bank.deliver(customers(LATER, TEN[2:]))
    ran = bank.run(LATER)
    assert ran.code == 1
    said = " ".join(ran.output.split())
    assert (
        f"Not published. 1 of 9 keys (client_id) of {NEXT} are missing on {LATER}"
        " (11.1%, at most 10.0%)." in said
    )
    assert f"customer360 run --accept-loss {CUSTOMER}" in said
    # One message; nothing is made of half of what arrived, and no message names a client.
    assert said.count("are missing on") == 1
    assert dates(bank, CUSTOMER) == dates(bank, PROFILE) == {DAY: 10, NEXT: 9}
    assert not any(str(number) in said for number in TEN)
    found = check(bank, CUSTOMER)
    assert not found.passed
    assert found.blocking
    assert {n: found.metadata[n].value for n in ("earlier_keys", "missing_keys")} == {
        "earlier_keys": 9,
        "missing_keys": 1,
    }
    # Not by asking again, but by a whole delivery.
    assert bank.run(LATER).code == 1
    bank.deliver(customers(LATER, TEN[1:]))
    assert bank.run(LATER).code == 0
    assert dates(bank, PROFILE) == {DAY: 10, NEXT: 9, LATER: 9}


@pytest.mark.slow
def test_an_accepted_loss_is_recorded_and_accepted_once(bank: SmallBank) -> None:
    bank.deliver(customers(NEXT, TEN[:5]))
    ran = bank.run(NEXT, accept_loss=[CUSTOMER])
    assert ran.code == 0, ran.output
    assert dates(bank, PROFILE) == {DAY: 10, NEXT: 5}
    found = check(bank, CUSTOMER)
    assert (found.passed, found.severity.value) == (True, "WARN")
    assert found.metadata["accepted"].value == "true"
    assert str(found.description).endswith(f"Accepted by the run tag {TAG}.")
    assert recorded(bank, CUSTOMER, NEXT)["loss_accepted"] == 5
    assert "loss_accepted" not in recorded(bank, CUSTOMER, DAY)
    # What is made of the snapshot lacks the same clients.
    assert check(bank, PROFILE).metadata["accepted"].value == "true"
    assert recorded(bank, PROFILE, NEXT)["loss_accepted"] == 5
    # A late file has the date made again: it lacks what it lacked before.
    bank.deliver({card_file(DAY, "120000"): card(CARDS[2], 101)})
    again = bank.run(NEXT)
    assert again.code == 0, again.output
    assert PROFILE in again.on(NEXT)
    assert check(bank, PROFILE).metadata["missing_keys"].value == 0


@pytest.mark.slow
def test_another_run_makes_the_profile_of_an_accepted_snapshot(bank: SmallBank) -> None:
    bank.deliver(customers(NEXT, TEN[:5]))
    assert bank.run(NEXT).code == 1
    typo = materialize(bank, NEXT, NEXT, CUSTOMER, tags={TAG: "stage.custmer"})
    (problem,) = typo.tables[0].problems
    assert problem.startswith(f"Run tag {TAG}: No loss can be accepted of stage.custmer; ")
    accepting = {TAG: f" {CUSTOMER} ,"}
    assert materialize(bank, NEXT, NEXT, CUSTOMER, tags=accepting).success
    ran = bank.run(NEXT)
    assert ran.code == 0, ran.output
    assert CUSTOMER not in ran.tables
    assert dates(bank, PROFILE) == {DAY: 10, NEXT: 5}


@pytest.mark.slow
def test_each_date_of_one_run_is_compared_with_the_one_before_it(tmp_path: Path) -> None:
    # Half goes on the second date and is back on the third: first and last have the same keys.
    bank = SmallBank(tmp_path)
    last = "2024-05-26"
    bank.deliver({**first_day(), **customers(NEXT, TEN[5:]), **customers(last, TEN)})
    ran = bank.run(last)
    assert ran.code == 1
    said = " ".join(ran.output.split())
    assert f"5 of 10 keys (client_id) of {DAY} are missing on {NEXT} (50.0%" in said
    assert dates(bank, CUSTOMER) == {}


@pytest.mark.parametrize("name", ["stage.custmer", "stage.card", "all", "raw.card"])
def test_a_table_without_the_gate_is_refused_by_name(tmp_path: Path, name: str) -> None:
    ran = SmallBank(tmp_path).run(NEXT, accept_loss=[CUSTOMER, name])
    assert (ran.code, ran.steps) == (1, ())
    said = " ".join(ran.output.split())
    assert said.startswith(f"No loss can be accepted of {name}; write one of ")
    assert all(table in said for table in gated_tables())
