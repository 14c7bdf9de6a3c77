"""`customer360 automation` switches all sensors at once, in the record that the daemon reads."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import InstigatorStatus
from typer.testing import CliRunner

from customer360_assets.cli.automation import automation_remark
from customer360_assets.cli.main import app
from customer360_assets.runs.instance import instance_of
from resources.deployment.deployment import deployment


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("CUSTOMER360_DEPLOYMENT", raising=False)
    monkeypatch.setenv("CUSTOMER360_HOME", str(tmp_path))
    monkeypatch.setenv("DAGSTER_HOME", "")
    deployment(tmp_path).save()
    return tmp_path


def _automation(action: str) -> str:
    ran = CliRunner().invoke(app, ["automation", action])
    assert ran.exit_code == 0, ran.output
    return ran.output


def _running(home: Path) -> set[str]:
    with instance_of(deployment(home)) as instance:
        states = instance.all_instigator_state(instigator_type=InstigatorType.SENSOR)
    return {s.instigator_name for s in states if s.status is InstigatorStatus.RUNNING}


def _sensors() -> set[str]:
    from customer360_assets.feeds.loader import load_feeds

    return {f"new_files_{feed}" for feed in load_feeds("workshop")} | {
        "new_and_late_deliveries",
        "alerts",
    }


def test_on_and_off_take_the_whole_set(home: Path) -> None:
    assert "Automation is off" in _automation("status")
    assert "Automation is on: " in _automation("on")
    assert _running(home) == _sensors()
    assert "Automation is on: " in _automation("status")
    assert "Automation is off" in _automation("off")
    assert _running(home) == set()


def test_what_is_known_to_the_daemon_is_what_is_switched(home: Path) -> None:
    """The daemon finds a state by the names of code location, repository and sensor."""
    _automation("on")
    with instance_of(deployment(home)) as instance:
        states = instance.all_instigator_state(instigator_type=InstigatorType.SENSOR)
    named = {
        (s.repository_selector.location_name, s.repository_selector.repository_name) for s in states
    }
    assert named == {("customer360", "__repository__")}


def test_a_set_that_is_on_in_part_names_what_is_off(home: Path) -> None:
    _automation("on")
    with instance_of(deployment(home)) as instance:
        assert automation_remark(instance, deployment(home)) is None
        (state,) = (
            s
            for s in instance.all_instigator_state(instigator_type=InstigatorType.SENSOR)
            if s.instigator_name == "alerts"
        )
        instance.update_instigator_state(state.with_status(InstigatorStatus.STOPPED))
        remark = automation_remark(instance, deployment(home))
    assert remark
    assert remark.startswith("Automation is on in part: alerts is off.")
    assert "on in part: alerts is off" in _automation("status")


def test_a_stage_without_its_record_is_refused_in_a_line(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUSTOMER360_DEPLOYMENT", "aws://111111111111/eu-central-1/branch")
    ran = CliRunner().invoke(app, ["automation", "status"])
    assert ran.exit_code == 1
    assert "set DAGSTER_HOME" in " ".join(ran.output.split())


def test_on_a_stage_the_record_that_is_shared_is_written(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shared = tmp_path_factory.mktemp("shared")
    (shared / "dagster.yaml").write_text("run_monitoring:\n  enabled: true\n")
    monkeypatch.setenv("CUSTOMER360_DEPLOYMENT", "aws://111111111111/eu-central-1/branch")
    monkeypatch.setenv("DAGSTER_HOME", str(shared))
    assert "Automation is on: " in _automation("on")
    with dg.DagsterInstance.from_config(str(shared)) as instance:
        states = instance.all_instigator_state(instigator_type=InstigatorType.SENSOR)
        assert {s.instigator_name for s in states} == _sensors()
