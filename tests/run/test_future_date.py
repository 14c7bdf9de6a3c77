"""A business date that has not come is not published, and reported where it is served anyway."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import dagster as dg
import pytest

from customer360_assets.planning.outstanding import SERVING
from customer360_assets.planning.versions import PROFILE
from customer360_assets.tables.specs import asset_key
from tests.run.deliveries import CARDS, DAY, card, card_file
from tests.run.small_bank import SmallBank, run_here

NEVER = dt.date(9999, 5, 23)
COMPLETE = dg.AssetCheckKey(asset_key(SERVING), "complete")


def test_a_date_that_has_not_come_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    home, landing = tmp_path / "home", tmp_path / "landing"
    landing.mkdir()
    soon = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=2)
    for date in (soon, NEVER):
        code, said = run_here(home, landing, str(date))
        assert code == 1
        assert f"{date} has not come yet (UTC)" in " ".join(said.split())
    assert not home.exists()


@pytest.mark.slow
def test_a_served_date_that_has_not_come_fails_the_check_of_the_store(
    sound_bank: SmallBank,
) -> None:
    bank = sound_bank
    day, platform = dt.date.fromisoformat(DAY), bank.platform()
    platform.store.load(NEVER, "mistyped", platform.lake.batches(PROFILE, day, day))
    bank.deliver({card_file(hour="084030"): card(CARDS[2], 101)})
    ran = bank.run(DAY)
    assert f"The profile store serves {NEVER} and keeps it" in " ".join(ran.output.split())
    with bank.instance() as instance:
        storage = instance.event_log_storage
        evaluation = storage.get_latest_asset_check_execution_by_key([COMPLETE])[
            COMPLETE
        ].evaluation
    assert evaluation is not None
    assert not evaluation.passed
    assert str(evaluation.description).startswith(
        f"The store serves {NEVER}, which has not come yet"
    )
