"""Where the list of business dates starts, and which process may move it."""

from __future__ import annotations

import datetime as dt
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from customer360_assets.tables.partitions import business_days
from resources.account.aws_names import AwsNames
from resources.deployment.deployment import Deployment, deployment

MAY, JUNE = dt.date(2024, 5, 23), dt.date(2024, 6, 1)


def start(target: Deployment) -> str:
    first = business_days(target).get_first_partition_key()
    assert first is not None
    return first


@pytest.fixture
def home(tmp_path: Path) -> Path:
    Deployment(home=tmp_path).save()
    return tmp_path


def test_it_starts_with_the_first_delivery(home: Path) -> None:
    assert start(deployment(home)) == "1993-01-01", "nothing was delivered yet"
    deployment(home).record_deliveries([JUNE, MAY])
    assert start(deployment(home)) == "2024-05-23"


def test_an_earlier_delivery_moves_it_back_and_a_later_one_leaves_it(home: Path) -> None:
    deployment(home).record_deliveries([JUNE])
    loaded_before = deployment(home)
    deployment(home).record_deliveries([MAY])
    loaded_before.record_deliveries([JUNE, dt.date(2024, 5, 30)])
    deployment(home).record_deliveries([])
    assert deployment(home).first_delivery == MAY


def test_a_stated_date_wins(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deployment(home).record_deliveries([MAY])
    monkeypatch.setenv("CUSTOMER360_FIRST_BUSINESS_DATE", "2024-01-01")
    assert start(deployment(home)) == "2024-01-01"


def test_what_is_too_early_depends_on_the_setting_alone(home: Path) -> None:
    deployment(home).record_deliveries([MAY])
    assert deployment(home).first_business_date == dt.date(1993, 1, 1)


def test_settings_that_are_saved_keep_what_another_process_recorded(home: Path) -> None:
    loaded_before = deployment(home, landing=home / "landing")
    deployment(home).record_deliveries([MAY])
    loaded_before.save()
    kept = json.loads((home / "settings.json").read_text())
    assert (kept["first_delivery"], kept["landing"]) == ("2024-05-23", str(home / "landing"))


def test_of_many_that_record_at_once_the_earliest_stays(home: Path) -> None:
    loaded = deployment(home)
    dates = [MAY + dt.timedelta(days=n) for n in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda date: loaded.record_deliveries([date]), reversed(dates)))
    assert deployment(home).first_delivery == MAY


def test_on_aws_the_setting_decides(tmp_path: Path) -> None:
    """Each worker has a home of its own: a date in one would be unknown to all others."""
    names = AwsNames.parse("aws://111111111111/eu-central-1/prod")
    target = Deployment(home=tmp_path, aws=names, first_delivery=JUNE)
    target.record_deliveries([MAY])
    assert start(target) == "1993-01-01"
    assert list(tmp_path.iterdir()) == []
