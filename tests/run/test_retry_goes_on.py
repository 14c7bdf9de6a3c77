"""A run over many dates that fails on the way keeps what it published; its retry goes on there."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
)

from customer360_assets.assembly import definitions_of
from customer360_assets.planning.outstanding import DAILY_JOB
from customer360_assets.tables.specs import asset_key
from tests.run.deliveries import DAY
from tests.run.other_code import other_sql
from tests.run.small_bank import SmallBank

TABLE = "dimension.product_holding"
LAST, BAD = "2024-05-27", "2024-05-26"


@pytest.fixture
def bank(sound_bank: SmallBank) -> SmallBank:
    """A bank with one published date."""
    return sound_bank


def _run(bank: SmallBank, first: str, parent: str | None = None) -> dg.DagsterRun:
    """Materialize the table from a date to the last one, as Dagster launches it."""
    job = definitions_of(bank.deployment).resolve_job_def(DAILY_JOB)
    key = asset_key(TABLE)
    with bank.instance() as instance:
        run = instance.create_run_for_job(
            job,
            asset_selection=frozenset([key]),
            tags={ASSET_PARTITION_RANGE_START_TAG: first, ASSET_PARTITION_RANGE_END_TAG: LAST},
            parent_run_id=parent,
            root_run_id=parent,
        )
        execute_run(
            InMemoryJob(job.get_subset(asset_selection={key})), run, instance, raise_on_error=False
        )
        ended = instance.get_run_by_id(run.run_id)
        assert ended is not None
        return ended


def _published_by(bank: SmallBank) -> dict[str, set[str]]:
    """Return the run ids that published each date, from the snapshots of the table."""
    lake = bank.platform().lake
    found: dict[str, set[str]] = {}
    before: set[str] = set()
    for snapshot in lake.history(TABLE):
        files = set(lake.files(TABLE, snapshot_id=snapshot.snapshot_id))
        for file in files - before:
            date = file.rsplit("/", 2)[-2].partition(".")[2]
            found.setdefault(date[:10], set()).add(snapshot.run_id or "")
        before = files
    return found


def _recorded(bank: SmallBank) -> set[str]:
    with bank.instance() as instance:
        return set(instance.get_materialized_partitions(asset_key(TABLE)))


@pytest.mark.slow
def test_a_retry_publishes_only_what_was_left(bank: SmallBank, tmp_path: Path) -> None:
    was = "nothing.cards) AS product_cards,"
    now = f"nothing.cards) - IF(nothing.business_date >= DATE '{BAD}', 9, 0) AS product_cards,"
    failed = _run_with(bank, tmp_path, was, now)
    assert failed.status == dg.DagsterRunStatus.FAILURE
    assert _recorded(bank) == {DAY, "2024-05-24", "2024-05-25"}
    again = _run_with(bank, tmp_path, was, now, parent=failed.run_id)
    assert again.status == dg.DagsterRunStatus.FAILURE
    published = _published_by(bank)
    assert published["2024-05-24"] == published["2024-05-25"] == {failed.run_id}
    # Other code is another version: what the mended code is to make, no earlier attempt has made.
    mended = _run(bank, "2024-05-24", parent=failed.run_id)
    assert mended.status == dg.DagsterRunStatus.SUCCESS
    assert _recorded(bank) == {DAY, "2024-05-24", "2024-05-25", BAD, LAST}
    assert _published_by(bank)[LAST] == {mended.run_id}


@pytest.mark.slow
def test_a_run_that_is_no_retry_makes_every_date(bank: SmallBank) -> None:
    first = _run(bank, "2024-05-24")
    second = _run(bank, "2024-05-24")
    assert {first.status, second.status} == {dg.DagsterRunStatus.SUCCESS}
    assert _published_by(bank)["2024-05-25"] == {first.run_id, second.run_id}


def _run_with(
    bank: SmallBank, folder: Path, was: str, now: str, parent: str | None = None
) -> dg.DagsterRun:
    with other_sql(folder / (parent or "first"), "dimensions/product_holding.sql", was, now):
        return _run(bank, "2024-05-24", parent)
