"""A home of an earlier release, upgraded and run: the tables of a home that this release makes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from resources.deployment.deployment import deployment
from resources.deployment.whereabouts import LAYOUT
from tests.run.small_bank import SmallBank
from tests.upgrade.bank import BAD_CARD, LAST, rounds
from tests.upgrade.old_homes import OldHome

pytestmark = pytest.mark.slow  # the run and the new home take half a minute of a core each


def test_the_run_after_it_publishes_what_was_delivered(run_after_upgrade: OldHome) -> None:
    home = run_after_upgrade
    served = json.loads(home.said_by("profile", "5001", "--format", "json"))
    # Credits of 10.00 on the first day; branch 9 after the correction of the first day alone.
    assert served["business_date"] == LAST
    assert served["demographic_occupation"] == "miller"
    assert served["geo_home_branch_id"] == 7
    first = json.loads(home.said_by("profile", "5001", "--as-of", "2024-05-23", "--format", "json"))
    assert (first["geo_home_branch_id"], first["demographic_occupation"]) == (9, "baker")
    refused = home.said_by("sql", "SELECT record FROM quarantine.card", "--format", "json")
    assert [row["record"] for row in json.loads(refused)] == [BAD_CARD.rstrip("\n")]
    late = "SELECT amount, trans_scope FROM stage.transaction WHERE trans_id = 4"
    (booked,) = json.loads(home.said_by("sql", late, "--format", "json"))
    assert float(booked["amount"]) == 20.05
    assert booked["trans_scope"] is not None
    assert home.record()["layout"] == LAYOUT
    assert home.open_to_others() == []
    assert deployment(home.home).first_partition.isoformat() == "2024-05-23"


def test_its_tables_are_those_of_a_new_home(run_after_upgrade: OldHome, tmp_path: Path) -> None:
    new = SmallBank(tmp_path)
    shutil.copytree(run_after_upgrade.home / "keys", new.home / "keys")
    for date, files in rounds():
        for name in files:
            (new.landing / name).parent.mkdir(exist_ok=True)
            shutil.copy2(run_after_upgrade.landing / name, new.landing / name)
        ran = new.run(date)
        assert ran.code == 0, ran.output
    upgraded = SmallBank.__new__(SmallBank)
    upgraded.root, upgraded.landing = run_after_upgrade.home.parent, run_after_upgrade.landing
    upgraded.home = run_after_upgrade.home
    wanted, found = new.everything(), upgraded.everything()
    assert found.keys() == wanted.keys()
    for table, rows in wanted.items():
        assert found[table] == rows, table


def test_a_second_run_has_nothing_to_do(run_after_upgrade: OldHome) -> None:
    assert "nothing was outstanding" in run_after_upgrade.run()
