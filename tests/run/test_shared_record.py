"""An environment whose workers share one record of runs: commands use it, and end nothing there."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import dagster as dg
import pytest
from typer.testing import CliRunner

from customer360_assets.cli.main import app
from customer360_assets.cli.rollback import rollback_command
from customer360_assets.cli.run import run_command
from customer360_assets.runs.instance import instance_of, is_of_home
from customer360_assets.runs.rollback import RollbackError
from resources.account.aws_names import AwsNames
from resources.deployment.deployment import Deployment

ON_AWS = AwsNames(account="111111111111", region="eu-central-1", environment="branch")


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "shared"
    folder.mkdir()
    (folder / "dagster.yaml").write_text("run_monitoring:\n  enabled: true\n")
    monkeypatch.setenv("DAGSTER_HOME", str(folder))
    monkeypatch.setenv("CUSTOMER360_DEPLOYMENT", ON_AWS.address)
    monkeypatch.setenv("CUSTOMER360_HOME", str(tmp_path / "home"))
    return folder


def elsewhere(instance: dg.DagsterInstance) -> str:
    """Return a run in progress whose process is none of this machine's."""
    run = dg.DagsterRun("day", status=dg.DagsterRunStatus.STARTED)
    return instance.add_run(run).run_id


def test_the_record_that_is_shared_is_the_one_that_is_used(shared: Path, tmp_path: Path) -> None:
    with instance_of(Deployment(home=tmp_path / "home", aws=ON_AWS)) as found:
        assert Path(found.root_directory) == shared
        assert not is_of_home(found, Deployment(home=tmp_path / "home", aws=ON_AWS))
    assert os.environ["DAGSTER_HOME"] == str(shared)


def test_a_home_of_this_machine_has_its_own(shared: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    for target in (Deployment(home=home), Deployment(home=home, aws=ON_AWS)):
        # The second finds the first one's in DAGSTER_HOME: that is a home's, not a shared one.
        with instance_of(target) as found:
            assert is_of_home(found, target)


def test_a_rollback_sees_runs_of_other_machines_and_leaves_them(
    shared: Path, tmp_path: Path
) -> None:
    with dg.DagsterInstance.from_config(str(shared)) as instance:
        run_id = elsewhere(instance)
        with pytest.raises(RollbackError, match=f"Run {run_id} is in progress"):
            rollback_command(None, None, None, "run-of-yesterday")
        found = instance.get_run_by_id(run_id)
        assert found is not None
        assert found.status == dg.DagsterRunStatus.STARTED


def test_a_run_that_the_daemon_would_end_is_not_begun(
    shared: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "customer360_assets.deliveries.parsing.key_record.recorded_key", lambda *_: None
    )
    with dg.DagsterInstance.from_config(str(shared)) as instance:
        assert run_command(None, None, "workshop", dt.date(2024, 5, 23)) == 1
        assert "materialize profile.customer_360 in the UI" in " ".join(
            capsys.readouterr().out.split()
        )
        assert instance.get_runs() == []


@pytest.fixture
def nobody(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every call, as without credentials."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))


@pytest.mark.usefixtures("nobody")
@pytest.mark.parametrize(
    "command",
    [
        ("run", "--business-date", "2024-05-23"),
        ("profile", "5233"),
        ("branch", "1"),
        ("history", "stage.card"),
        ("sql", "SELECT 1 AS one"),
    ],
)
def test_what_aws_refuses_is_reported_in_words(command: tuple[str, ...]) -> None:
    ran = CliRunner().invoke(app, command)
    assert ran.exit_code == 1
    assert ran.exception is None or isinstance(ran.exception, SystemExit)
    said = " ".join(ran.output.split())
    assert said.startswith("Cannot ")
    assert "no AWS credentials were found" in said
