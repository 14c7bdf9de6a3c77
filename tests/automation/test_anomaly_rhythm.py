"""A feed that does not deliver every day is judged by its deliveries, not by the days between."""

from __future__ import annotations

import datetime as dt

import dagster as dg
import pytest

from customer360_assets.assembly import definitions_of
from customer360_assets.planning.materializations import ROWS
from customer360_assets.planning.versions import METADATA_KEY, NOTHING
from customer360_assets.tables.specs import asset_key
from tests.run.deliveries import DAY, account, account_file
from tests.run.kept import Kept
from tests.run.small_bank import SmallBank

D = dt.date.fromisoformat(DAY)
FEED = ("raw.account", "stage.account")
ACCOUNTS = [account(n) for n in range(11, 111)]


@pytest.fixture(scope="module")
def seventy_days(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    bank = SmallBank(tmp_path_factory.mktemp("weekly") / "bank")
    with bank.instance() as instance:
        for table in FEED:
            for n in range(1, 71):
                came = n % 7 == 0
                metadata = {METADATA_KEY: "seen" if came else NOTHING, ROWS: 100 if came else 0}
                date = str(D - dt.timedelta(days=n))
                instance.report_runless_asset_event(
                    dg.AssetMaterialization(asset_key(table), partition=date, metadata=metadata)
                )
    return Kept.of(bank, "of ten weeks")


@pytest.fixture
def weekly(seventy_days: Kept) -> SmallBank:
    """A bank whose accounts came once a week, a hundred; the schedule has made every date."""
    return seventy_days.back()


def _judged(bank: SmallBank, date: dt.date) -> dict[str, tuple[bool, str]]:
    job = definitions_of(bank.deployment, loggers={}).resolve_job_def("business_day")
    with bank.instance() as instance:
        done = job.execute_in_process(
            instance=instance,
            asset_selection=[asset_key(t) for t in ("raw.delivery", *FEED)],
            partition_key=str(date),
        )
    return {
        ".".join(found.asset_key.path): (found.passed, str(found.description))
        for found in done.get_asset_check_evaluations()
        if found.check_name == "anomaly"
    }


def test_a_weekly_delivery_is_like_those_of_the_weeks_before(weekly: SmallBank) -> None:
    weekly.deliver({account_file(): "".join(ACCOUNTS)})
    judged = _judged(weekly, D)
    assert judged == dict.fromkeys(FEED, (True, f"{D} is like the 10 partitions before it."))


@pytest.mark.slow
def test_a_day_without_a_delivery_is_not_judged(weekly: SmallBank) -> None:
    date = D + dt.timedelta(days=1)
    said = f"{date} was not compared: nothing was delivered."
    assert _judged(weekly, date) == dict.fromkeys(FEED, (True, said))


@pytest.mark.slow
def test_half_a_weekly_delivery_is_reported(weekly: SmallBank) -> None:
    date = D + dt.timedelta(days=7)
    weekly.deliver({account_file(str(date)): "".join(ACCOUNTS[:50])})
    judged = _judged(weekly, date)
    assert judged.keys() == set(FEED)
    for passed, said in judged.values():
        assert not passed
        assert "where 100 give or take 5 is usual" in said
