"""Dates that a resumed backfill keeps stay on record with their rows and key measures."""

from __future__ import annotations

import datetime as dt

from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
    BACKFILL_ID_TAG,
)

from customer360_assets.assembly import definitions_of
from customer360_assets.contracts import contract
from customer360_assets.planning.materializations import ROWS, Made, made
from customer360_assets.planning.outstanding import DAILY_JOB
from customer360_assets.tables.specs import asset_key
from tests.run.deliveries import DAY
from tests.run.small_bank import SmallBank

TABLE = "dimension.demographic"
D = dt.date.fromisoformat(DAY)


def test_a_date_that_is_kept_keeps_its_rows_and_measures_on_record(
    sound_bank: SmallBank,
) -> None:
    bank = sound_bank
    job = definitions_of(bank.deployment, loggers={}).resolve_job_def(DAILY_JOB)
    tags = {
        ASSET_PARTITION_RANGE_START_TAG: DAY,
        ASSET_PARTITION_RANGE_END_TAG: str(D + dt.timedelta(days=1)),
        BACKFILL_ID_TAG: "resumed",
    }
    with bank.instance() as instance:
        before = _numbers(made(instance, TABLE)[D])
        done = job.execute_in_process(
            instance=instance, asset_selection=[asset_key(TABLE)], tags=tags
        )
        after = made(instance, TABLE)[D]
    assert after.run_id == done.run_id
    assert _numbers(after) == before
    assert before[ROWS] == 3
    assert before.keys() == {ROWS, *contract(TABLE).measures}


def _numbers(partition: Made) -> dict[str, float]:
    """Return the metadata of the partition alone, without the cost of the step."""
    names = {ROWS, *contract(TABLE).measures}
    return {name: n for name, n in partition.numbers.items() if name in names}
