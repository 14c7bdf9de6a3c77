"""A run over a delivery that cannot be parsed: the rest is made, and what it would be in is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from customer360_assets.assembly import definitions_of
from customer360_assets.tables.specs import asset_key
from tests.deliveries.breaking import POISON, break_parser
from tests.run.deliveries import CARDS, DAY, account_file, card, card_file, good_day
from tests.run.homes import card_key, first_date, sound_bank
from tests.run.small_bank import SmallBank

__all__ = ["card_key", "first_date", "sound_bank"]

pytestmark = pytest.mark.usefixtures("card_key")

REPORTED = f"{account_file()} (account-000001: the engine failed: BinderException)"
BEFORE, AFTER = "2024-05-22", "2024-05-24"


@pytest.fixture
def bank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallBank:
    break_parser(monkeypatch)
    return SmallBank(tmp_path)


def _cards(bank: SmallBank, table: str) -> list[str]:
    rows = bank.rows(f"SELECT business_date FROM {table} ORDER BY business_date")
    return [str(row["business_date"]) for row in rows]


@pytest.mark.slow
def test_the_other_feeds_are_made_and_the_run_names_the_delivery(bank: SmallBank) -> None:
    good = good_day()
    bank.deliver({**good, account_file(): POISON})
    ran = bank.run(DAY)
    assert ran.code == 1
    printed = " ".join(ran.output.split())
    assert REPORTED in printed
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


@pytest.mark.slow
def test_healthy_dates_of_its_feed_are_staged_and_the_run_fails_by_its_name(
    bank: SmallBank,
) -> None:
    bank.deliver({card_file(BEFORE): card(CARDS[0], 101), card_file(DAY): POISON,
                  card_file(AFTER): card(CARDS[2], 103)})  # fmt: skip
    ran = bank.run(AFTER)
    assert ran.code == 1
    assert card_file(DAY) in "".join(ran.output.split())
    assert _cards(bank, "raw.card") == [BEFORE, AFTER]
    assert _cards(bank, "stage.card") == [BEFORE, AFTER]

    bank.deliver({card_file(DAY): card(CARDS[1], 102)})
    bank.run(AFTER)
    assert _cards(bank, "stage.card") == [BEFORE, DAY, AFTER]


@pytest.mark.slow
def test_a_date_keeps_what_it_had_until_its_correction_can_be_parsed(bank: SmallBank) -> None:
    bank.deliver({card_file(BEFORE): card(CARDS[0], 101), card_file(DAY): card(CARDS[1], 102)})
    bank.run(DAY)
    bank.deliver({card_file(BEFORE): card(CARDS[2], 101), card_file(DAY): POISON})
    bank.run(DAY)
    query = "SELECT business_date, card_last_four FROM {} ORDER BY business_date"
    for table in ("raw.card", "stage.card"):
        found = [tuple(map(str, row.values())) for row in bank.rows(query.format(table))]
        assert found == [(BEFORE, CARDS[2][-4:]), (DAY, CARDS[1][-4:])], table


@pytest.mark.slow
def test_a_profile_of_an_earlier_date_is_made_again_and_that_of_the_date_is_not(
    sound_bank: SmallBank, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_parser(monkeypatch)
    late = card_file(DAY, "070000")
    sound_bank.deliver({late: card(CARDS[1], 101), card_file(AFTER): POISON})
    ran = sound_bank.run(AFTER)
    assert ran.code == 1
    assert "profile.customer_360" in ran.on(DAY)
    assert "profile.customer_360" not in ran.on(AFTER)


@pytest.mark.slow
def test_a_backfill_of_the_dates_goes_on_and_its_checks_name_the_file(bank: SmallBank) -> None:
    bank.deliver({card_file(BEFORE): card(CARDS[0], 101), card_file(DAY): POISON,
                  card_file(AFTER): card(CARDS[2], 103)})  # fmt: skip
    definitions = definitions_of(bank.deployment, loggers={})
    job = definitions.resolve_job_def("business_day")
    checked = ("raw.delivery", "raw.card")
    with bank.instance() as instance:
        done = job.execute_in_process(
            instance=instance,
            asset_selection=[asset_key(t) for t in (*checked, "stage.card")],
            tags={"dagster/asset_partition_range_start": BEFORE,
                  "dagster/asset_partition_range_end": AFTER},
        )  # fmt: skip
        assert done.success
        failed = {e.asset_key: e.description for e in done.get_asset_check_evaluations()
                  if not e.passed and e.check_name == "unparsed_files"}  # fmt: skip
        assert set(failed) == {asset_key(table) for table in checked}
        assert all(card_file(DAY) in str(said) for said in failed.values())
        assert f"Kept as they were: {DAY}." in str(failed[asset_key("raw.card")])
    assert _cards(bank, "stage.card") == [BEFORE, AFTER]
