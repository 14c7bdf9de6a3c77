"""What is still being uploaded: the command waits for it, and takes it when it is whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from customer360_assets.assembly import definitions_of
from customer360_assets.cli.main import app
from customer360_assets.deliveries.intake import config as intake_config
from customer360_assets.deliveries.intake.at_rest import AtRest
from customer360_assets.tables.specs import asset_key
from resources.deployment.deployment import DeploymentError, deployment
from tests.run.deliveries import CARDS, DAY, card, card_file
from tests.run.small_bank import SmallBank

SETTLE = "300"
"""No file of a test is so old: what counts is the clock below."""
START, END = card(CARDS[0], 101), card(CARDS[1], 102)


@dataclass
class Clock:
    """A clock that moves only when one sleeps; each sleep is recorded."""

    on_sleep: Callable[[int], None]
    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        self.on_sleep(len(self.slept))


@pytest.fixture
def bank(tmp_path: Path) -> SmallBank:
    """A landing zone with the first half of a card file."""
    bank = SmallBank(tmp_path)
    bank.deliver({card_file(): START})
    return bank


def _watched(monkeypatch: pytest.MonkeyPatch, on_sleep: Callable[[int], None]) -> Clock:
    clock = Clock(on_sleep)
    timed = partial(AtRest, clock=lambda: clock.now, sleep=clock.sleep)
    monkeypatch.setattr(intake_config, "AtRest", timed)
    return clock


def _append(bank: SmallBank, text: str) -> None:
    with (bank.landing / card_file()).open("a") as file:
        file.write(text)


def _run(bank: SmallBank, *options: str) -> Result:
    where = ("--landing", str(bank.landing), "--home", str(bank.home))
    return CliRunner().invoke(app, ["run", *where, "--business-date", DAY, *options])


def _manifest(bank: SmallBank) -> list[tuple[object, object]]:
    rows = bank.rows("SELECT status, records FROM raw.delivery ORDER BY delivery_seq")
    return [(row["status"], row["records"]) for row in rows]


def test_the_command_waits_for_the_end_of_an_upload(
    bank: SmallBank, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = _watched(monkeypatch, lambda n: _append(bank, END) if n == 1 else None)
    _run(bank, "--settle", SETTLE)
    assert len(clock.slept) >= 2
    assert _manifest(bank) == [("loaded", 2)]


@pytest.mark.slow
def test_a_file_that_never_rests_is_named_and_left(
    bank: SmallBank, monkeypatch: pytest.MonkeyPatch
) -> None:
    _watched(monkeypatch, lambda _: _append(bank, END))
    ran = _run(bank, "--settle", SETTLE)
    assert f"{card_file()}: is still being written; left for the next run." in ran.output
    assert bank.rows("FROM raw.delivery") == []
    _run(bank, "--settle", "0")
    ((status, records),) = _manifest(bank)
    assert status == "loaded"
    assert int(str(records)) > 2


@pytest.mark.slow
def test_without_seconds_nothing_is_waited_for(
    bank: SmallBank, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = _watched(monkeypatch, lambda _: None)
    _run(bank, "--settle", "0")
    assert clock.slept == []
    assert _manifest(bank) == [("loaded", 1)]


def test_the_daily_job_waits_as_the_deployment_says(
    bank: SmallBank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUSTOMER360_SETTLE_SECONDS", SETTLE)
    _watched(monkeypatch, lambda n: _append(bank, END) if n == 1 else None)
    job = definitions_of(bank.deployment, loggers={}).resolve_job_def("business_day")
    with bank.instance() as instance:
        job.execute_in_process(
            instance=instance, asset_selection=[asset_key("raw.delivery")], partition_key=DAY
        )
    assert _manifest(bank) == [("loaded", 2)]


def test_the_home_does_not_remember_the_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUSTOMER360_SETTLE_SECONDS", "0")
    given = deployment(tmp_path)
    given.save()
    assert given.settle_seconds == 0
    monkeypatch.delenv("CUSTOMER360_SETTLE_SECONDS")
    assert deployment(tmp_path).settle_seconds == 10
    assert "settle_seconds" not in json.loads((tmp_path / "settings.json").read_text())


@pytest.mark.parametrize("wrong", ["-1", "soon", "nan"])
def test_seconds_that_are_none_are_refused(
    wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUSTOMER360_SETTLE_SECONDS", wrong)
    with pytest.raises(DeploymentError, match="settle_seconds"):
        deployment(tmp_path)
