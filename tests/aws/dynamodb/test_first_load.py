"""The command that makes a new environment's profile table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from customer360_assets.cli.main import app
from resources.account.aws_names import AwsNames
from resources.account.client import client
from resources.dynamodb import first_load as dynamo_import
from resources.dynamodb.profile_store import DynamoProfileStore
from resources.protocols.profile_store import Served
from resources.wiring import deployed
from tests.aws.dynamodb import import_files
from tests.profile_store.store_profiles import profiles

json_as_it_is = import_files.json_as_it_is
DAY = dt.date(2024, 5, 27)


class Lake:
    """A lake that has profiles of one date."""

    dates = staticmethod(lambda _table, first, last: {DAY: 12} if first <= DAY <= last else {})
    batches = staticmethod(lambda _table, first, last: profiles(DAY, 12))


@pytest.fixture
def command(
    aws: AwsNames, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[dt.date], Result]:
    monkeypatch.setattr(deployed, "services_of", lambda _deployment: {"lake": Lake()})
    slow = dynamo_import.import_profiles
    monkeypatch.setattr(
        dynamo_import, "import_profiles", lambda *given: slow(*given, poll_seconds=0.05)
    )
    home = ["--home", str(tmp_path)]
    return lambda day: CliRunner().invoke(app, ["first-load", "--business-date", f"{day}", *home])


def test_an_environment_without_a_table_serves_the_profiles_of_the_date(
    aws: AwsNames, command: Callable[[dt.date], Result]
) -> None:
    client("dynamodb", aws.region).delete_table(TableName=aws.profile_table)
    done = command(DAY)
    assert done.exit_code == 0, done.output
    assert "12 profiles are served" in done.output
    store = DynamoProfileStore(aws.profile_table, aws.region)
    assert store.current() == Served(DAY, f"first-load-{DAY}")
    assert store.get(11)["client_id"] == 11


def test_a_table_that_is_there_and_a_date_without_profiles_are_refused(
    aws: AwsNames, command: Callable[[dt.date], Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "materialize it first" in command(dt.date(2024, 5, 28)).output
    there = command(DAY)
    assert (there.exit_code, "exists" in there.output) == (1, True)
    assert DynamoProfileStore(aws.profile_table, aws.region).current() is None
    monkeypatch.setenv("CUSTOMER360_DEPLOYMENT", "local")
    assert "this is for an environment on AWS" in " ".join(command(DAY).output.split())
