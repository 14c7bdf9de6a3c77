"""A run over a delivery that cannot be parsed: the rest is made, and what it would be in is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.raw.breaking import POISON, break_parser
from tests.run.deliveries import DAY, account_file, good_day
from tests.run.small_bank import SmallBank

TOLD = f"{account_file()} (account-000001: the engine failed: BinderException)"


def test_the_other_feeds_are_made_and_the_run_names_the_delivery(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank, good = SmallBank(tmp_path), good_day()
    break_parser(monkeypatch)
    bank.deliver({**good, account_file(): POISON})
    ran = bank.run(DAY)
    assert ran.code == 1
    printed = " ".join(ran.output.split())
    assert TOLD in printed
    assert "Not published. raw.delivery" in printed
    assert "Not published. raw.account" in printed
    taken = {row["feed"] for row in bank.rows("SELECT feed FROM raw.delivery")}
    assert taken == {"card", "crm_customer", "disposition", "ga_session", "transaction",
                     "web_visitor_map"}  # fmt: skip
    assert bank.rows("FROM raw.card")
    assert bank.rows("FROM stage.transaction")
    assert ran.on(DAY) >= {"raw.account", "raw.card"}
    assert not bank.rows("FROM raw.account")
    assert not ran.on(DAY) & {"profile.customer_360", "dimension.marketing"}

    bank.deliver({account_file(): good[account_file()]})
    ran = bank.run(DAY)
    assert ran.code == 0, ran.output
    assert bank.everything()["profile.customer_360"]
