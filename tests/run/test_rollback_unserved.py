"""A rollback whose store cannot be loaded says so, and the same command finishes it."""

from __future__ import annotations

import sqlite3
from typing import Any

import dagster as dg
import pytest
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill
from typer.testing import CliRunner

from customer360_assets.cli.main import app
from customer360_assets.planning.outstanding import SERVING
from customer360_assets.planning.versions import PROFILE
from customer360_assets.tables.specs import asset_key
from resources.embedded.sqlite_profile_store import SqliteProfileStore
from tests.run.deliveries import DAY
from tests.run.kept import Kept
from tests.run.small_bank import SmallBank


@pytest.fixture
def bank(once_corrected: Kept) -> SmallBank:
    return once_corrected.back()


def _command(bank: SmallBank, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["rollback", *words, "--home", str(bank.home)])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, " ".join(done.output.split())


def _cards(bank: SmallBank) -> tuple[int, int]:
    """Return the cards of a client in the lake and in the store."""
    query = f"SELECT product_cards AS n FROM {PROFILE} WHERE client_id = 5001"
    served = bank.platform().store.get(5001)
    assert served is not None
    return bank.rows(query)[0]["n"], served["product_cards"]


def _without_store(bank: SmallBank, *words: str) -> tuple[int, str]:
    def full(*_: Any, **__: Any) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SqliteProfileStore, "load", full)
        return _command(bank, *words)


def test_nothing_is_undone_below_a_backfill_between_two_of_its_runs(bank: SmallBank) -> None:
    run_id = str(bank.platform().lake.history(PROFILE)[-1].run_id)
    backfill = PartitionBackfill(
        backfill_id="between",
        status=BulkActionStatus.REQUESTED,
        from_failure=False,
        tags={},
        backfill_timestamp=1.0,
        partition_names=[DAY],
        asset_selection=[asset_key(PROFILE)],
    )
    with bank.instance() as instance:
        instance.add_backfill(backfill)
        code, said = _command(bank, "--run", run_id)
        instance.update_backfill(backfill.with_status(BulkActionStatus.CANCELED))
    assert code == 1
    assert said.startswith("Backfill between is in progress and may publish meanwhile: cancel it")
    assert bank.platform().lake.history(PROFILE)[-1].current


@pytest.mark.slow
def test_a_rollback_whose_store_was_full_is_finished_by_the_same_command(bank: SmallBank) -> None:
    run_id = str(bank.platform().lake.history(PROFILE)[-1].run_id)
    code, said = _without_store(bank, "--run", run_id)
    assert code == 1
    assert "The profile store could not be loaded and still serves what was undone" in said
    assert "database or disk is full" in said
    assert "Readers see this" not in said
    # Every table is as before, not only those that come before the profile.
    assert {t for t in bank.platform().lake.tables() if f"{t}: " in said} >= {
        "raw.card",
        "stage.card",
        PROFILE,
    }
    assert _cards(bank) == (1, 2)
    assert not _is_recorded_as_served(bank)
    code, said = _command(bank, "--run", run_id)
    assert (code, _cards(bank)) == (0, (1, 1)), said
    assert f"the profile store included, as of {DAY}" in said
    assert _is_recorded_as_served(bank)
    # It is finished: there is nothing left to undo.
    assert _command(bank, "--run", run_id) == (1, f"No table has a snapshot of run {run_id}.")


def _is_recorded_as_served(bank: SmallBank) -> bool:
    with bank.instance() as instance:
        event = instance.get_latest_materialization_event(asset_key(SERVING))
    materialization = event.asset_materialization if event else None
    return (
        isinstance(materialization, dg.AssetMaterialization)
        and "rolled_back_to" in materialization.metadata
    )


@pytest.mark.slow
def test_one_table_whose_store_was_full_is_finished_by_the_same_command(bank: SmallBank) -> None:
    run_id = str(bank.platform().lake.history(PROFILE)[-1].run_id)
    assert _command(bank, "--run", run_id)[0] == 0
    newer = bank.platform().lake.history(PROFILE)[-1]
    assert not newer.current
    words = (PROFILE, "--to", str(newer.snapshot_id))
    assert _without_store(bank, *words)[0] == 1
    assert _cards(bank) == (2, 1)
    assert _command(bank, *words)[0] == 0
    assert _cards(bank) == (2, 2)
    assert _command(bank, *words) == (1, f"{PROFILE} is at snapshot {newer.snapshot_id} already.")
