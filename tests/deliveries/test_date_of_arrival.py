"""Files that state no date get the date of their arrival, whichever date a run is for."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from customer360_assets.assembly import definitions_of
from customer360_assets.deliveries.intake.arrival import arrival_date
from customer360_assets.tables.specs import asset_key
from tests.run.deliveries import DAY, MAP_FILE, card_file, good_day
from tests.run.small_bank import SmallBank

OLD = "2024-01-01"
TODAY = dt.date(2024, 6, 10)


def _backfill(bank: SmallBank, date: str, **config: str) -> None:
    job = definitions_of(bank.deployment, loggers={}).resolve_job_def("business_day")
    with bank.instance() as instance:
        job.execute_in_process(
            instance=instance,
            asset_selection=[asset_key("raw.delivery")],
            partition_key=date,
            run_config={"ops": {"raw__delivery": {"config": config}}},
        )


def _started(bank: SmallBank) -> dt.date:
    """Return the day on which the newest run began."""
    with bank.instance() as instance:
        (record,) = instance.get_run_records(limit=1)
    return record.create_timestamp.astimezone(dt.UTC).date()


def _dates(bank: SmallBank, file: str = MAP_FILE) -> list[dt.date]:
    query = f"SELECT business_date FROM raw.delivery WHERE file = '{file}' ORDER BY delivery_seq"
    return [row["business_date"] for row in bank.rows(query)]


@pytest.mark.parametrize(
    ("partition", "last", "expected"),
    [
        ("2024-06-10", None, "2024-06-10"),
        # The daily schedule asks for the day before.
        ("2024-06-09", None, "2024-06-09"),
        ("2024-06-08", None, "2024-06-10"),
        ("1993-01-01", None, "2024-06-10"),
        # The end of a closed history is its present.
        ("2024-05-01", "2024-05-31", "2024-05-31"),
        ("2024-05-31", "2024-05-31", "2024-05-31"),
    ],
)
def test_an_older_partition_than_the_day_before_is_a_backfill(
    partition: str, last: str | None, expected: str
) -> None:
    end = dt.date.fromisoformat(last) if last else None
    found = arrival_date(dt.date.fromisoformat(partition), TODAY, end)
    assert str(found) == expected


def test_a_backfill_of_an_old_date_dates_a_file_by_its_arrival(tmp_path: Path) -> None:
    bank = SmallBank(tmp_path)
    bank.deliver({MAP_FILE: good_day()[MAP_FILE]})
    _backfill(bank, OLD)
    assert _dates(bank) == [_started(bank)]


def test_a_file_that_states_its_date_keeps_it_in_a_backfill(tmp_path: Path) -> None:
    bank = SmallBank(tmp_path)
    bank.deliver({card_file(): good_day()[card_file()]})
    _backfill(bank, OLD)
    assert _dates(bank, card_file()) == [dt.date.fromisoformat(DAY)]


def test_the_date_of_arrival_can_be_stated(tmp_path: Path) -> None:
    bank = SmallBank(tmp_path)
    bank.deliver({MAP_FILE: good_day()[MAP_FILE]})
    _backfill(bank, OLD, arrived="2024-05-20")
    assert _dates(bank) == [dt.date(2024, 5, 20)]


@pytest.mark.slow
def test_the_command_for_an_older_date_does_not_date_a_file_before_an_earlier_intake(
    tmp_path: Path,
) -> None:
    bank, files = SmallBank(tmp_path), good_day()
    bank.deliver({card_file(): files[card_file()]})
    bank.run(DAY)
    bank.deliver({MAP_FILE: files[MAP_FILE]})
    bank.run(OLD)
    assert _dates(bank) == [dt.date.fromisoformat(DAY)]


@pytest.mark.slow
def test_a_later_specification_or_run_leaves_the_date_as_it_was(tmp_path: Path) -> None:
    bank = SmallBank(tmp_path)
    bank.deliver({MAP_FILE: good_day()[MAP_FILE]})
    _backfill(bank, OLD, arrived="2024-05-20")
    _backfill(bank, OLD, arrived="2024-05-22")
    assert _dates(bank) == [dt.date(2024, 5, 20)]
