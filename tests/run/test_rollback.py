"""A publication is undone: readers see the rows of before, and what was undone is held."""

from __future__ import annotations

import dagster as dg
import pytest
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from typer.testing import CliRunner

from customer360_assets.cli.main import app
from customer360_assets.planning.outstanding import SERVING
from tests.run.deliveries import CARDS, DAY, card, card_file
from tests.run.kept import Kept
from tests.run.small_bank import SmallBank

CARD_COUNTS = "SELECT client_id, product_cards FROM profile.customer_360 ORDER BY client_id"
PROFILE = "profile.customer_360"


@pytest.fixture
def bank(sound_bank: SmallBank) -> SmallBank:
    """A bank with one published date."""
    return sound_bank


@pytest.fixture
def corrected(once_corrected: Kept) -> SmallBank:
    """The same with a correction published."""
    return once_corrected.back()


def _command(bank: SmallBank, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, [*words, "--home", str(bank.home)])
    return done.exit_code, done.output


def _correct(bank: SmallBank) -> str:
    """Publish a correction; give the id of the run that published the profile."""
    bank.deliver({card_file(): card(CARDS[0], 102) + card(CARDS[1], 102)})
    assert bank.run(DAY).code == 0
    return _newest(bank)


def _newest(bank: SmallBank) -> str:
    newest = bank.platform().lake.history(PROFILE)[-1]
    assert newest.run_id is not None
    return newest.run_id


@pytest.mark.slow
def test_a_run_is_undone_in_every_table_that_it_published(
    sound_bank: SmallBank, corrected: SmallBank
) -> None:
    before = sound_bank.everything()
    bank, run_id = corrected, _newest(corrected)
    after = bank.everything()
    assert after[PROFILE] != before[PROFILE]
    code, said = _command(bank, "rollback", "--run", run_id)
    assert code == 0, said
    assert f"{PROFILE}: 3 rows" in said
    undone = bank.everything()
    for table in ("raw.card", "stage.card", "dimension.product_holding", PROFILE, SERVING):
        assert undone[table] == before[table], table
    # What was undone is held, and comes back when it is released.
    held = bank.run(DAY)
    assert held.code == 0
    assert "Held since a rollback" in held.output
    assert bank.everything()[PROFILE] == before[PROFILE]
    assert f"{PROFILE} {DAY}" in _command(bank, "hold", "list")[1]
    assert _command(bank, "hold", "lift")[0] == 0
    assert bank.run(DAY).tables >= {"raw.card", "stage.card", PROFILE}
    again = bank.everything()
    assert all(again[t] == after[t] for t in ("raw.card", "stage.card", PROFILE))


@pytest.mark.slow
def test_one_table_goes_back_to_a_snapshot_of_its_history(
    sound_bank: SmallBank, corrected: SmallBank
) -> None:
    before, bank = sound_bank.rows(CARD_COUNTS), corrected
    old = bank.platform().lake.history(PROFILE)[-2]
    code, listed = _command(bank, "history", PROFILE)
    assert code == 0
    assert str(old.snapshot_id) in listed
    assert str(old.run_id) in listed
    assert _command(bank, "rollback", PROFILE, "--to", str(old.snapshot_id))[0] == 0
    assert bank.rows(CARD_COUNTS) == before
    assert _command(bank, "hold", "lift", PROFILE)[0] == 0
    # Only this table is outstanding, and the store that is loaded from it.
    assert bank.run(DAY).tables == {PROFILE, SERVING}
    assert bank.rows(CARD_COUNTS) != before


@pytest.mark.slow
def test_what_a_later_run_built_upon_is_not_undone_from_below(corrected: SmallBank) -> None:
    bank = corrected
    first, second = _newest(bank), _correct(bank)
    before = bank.everything()
    code, said = _command(bank, "rollback", "--run", first)
    assert code == 1
    assert second in said.replace("\n", "")
    assert bank.everything() == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--run", "no-such-run"), 1, "No table has a snapshot of run no-such-run."),
        ((PROFILE, "--to", "77"), 1, f"{PROFILE} has no snapshot 77."),
        (("stage.nothing", "--to", "77"), 1, "stage.nothing is not in the lake"),
        ((PROFILE,), 2, "Give --run RUN, or a table and --to SNAPSHOT."),
    ],
)
def test_what_cannot_be_done_is_said(
    bank: SmallBank, words: tuple[str, ...], code: int, said: str
) -> None:
    assert _command(bank, "rollback", *words) == (code, f"{said}\n")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "expected"),
    [
        pytest.param(dg.DagsterRunStatus.QUEUED, "is queued", marks=pytest.mark.slow),
        (dg.DagsterRunStatus.STARTED, "is in progress"),
        pytest.param(dg.DagsterRunStatus.CANCELING, "is in progress", marks=pytest.mark.slow),
    ],
)
def test_nothing_is_undone_below_a_run_that_may_still_publish(
    corrected: SmallBank, status: dg.DagsterRunStatus, expected: str
) -> None:
    bank = corrected
    before = bank.everything()
    old = bank.platform().lake.history(PROFILE)[-2]
    # A queued run has to say where the daemon finds its job.
    there = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("here"), "here")
    origin = RemoteJobOrigin(there, "business_day")
    run = dg.DagsterRun("business_day", status=status, remote_job_origin=origin)
    with bank.instance() as instance:
        instance.add_run(run)
    try:
        code, said = _command(bank, "rollback", PROFILE, "--to", str(old.snapshot_id))
    finally:
        with bank.instance() as instance:
            instance.delete_run(run.run_id)
    assert code == 1
    assert f"Run {run.run_id} {expected} and may publish meanwhile" in " ".join(said.split())
    assert bank.everything() == before
