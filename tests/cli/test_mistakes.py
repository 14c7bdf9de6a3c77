"""A user's mistake ends with a sentence and an exit code, in every command."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from customer360_assets.cli.main import app
from tests.cli.conftest import customer360

DATED = ("run", "extract", "first-load")
READING = {
    "sql": ["sql", "SELECT 1"],
    "tables": ["tables"],
    "profile": ["profile", "1"],
    "profile as of": ["profile", "1", "--as-of", "2024-05-23"],
    "branch": ["branch", "1"],
    "history": ["history", "stage.customer"],
    "rollback": ["rollback", "stage.customer", "--to", "1"],
    "rollback of a run": ["rollback", "--run", "x"],
    "ui": ["ui"],
    "backup": ["backup", "--to", "backup"],
}
RUN = ["run", "--business-date", "2024-05-23"]


def failed(*arguments: str | Path, **settings: str | None) -> str:
    """Return what a command says that must fail, without a traceback."""
    runner = CliRunner()
    ran = runner.invoke(app, [str(a) for a in arguments], env=settings)
    assert ran.exit_code in (1, 2), ran.output
    assert ran.exception is None or isinstance(ran.exception, SystemExit), ran.exception
    assert "Traceback" not in ran.output
    assert "defect of the program" not in ran.output
    said = ran.output.strip()
    assert said
    return said


@pytest.mark.parametrize("command", READING.values(), ids=READING)
def test_a_folder_that_is_no_home_is_refused_and_left_alone(
    command: list[str], tmp_path: Path
) -> None:
    home = tmp_path / "mistyped"
    said = failed(*command, "--home", home)
    assert said.startswith(f"{home} is not a home: nothing was built there.")
    assert "\n" not in said
    assert not home.exists()
    home.mkdir()
    assert failed(*command, "--home", home) == said
    assert list(home.iterdir()) == []
    assert failed(*command, CUSTOMER360_HOME=str(home)) == said


@pytest.mark.parametrize("command", [*READING.values(), RUN, ["demo"]])
def test_a_home_that_is_a_file(command: list[str], tmp_path: Path) -> None:
    home = tmp_path / "file"
    home.write_text("")
    assert "is a file" in failed(*command, "--home", home)
    if command != ["demo"]:
        assert "is not a folder" in failed(*command, CUSTOMER360_HOME=str(home))


@pytest.mark.parametrize("command", [*READING.values(), RUN])
@pytest.mark.parametrize("settings", ["{", "[]", "\0", '{"landing": 5, "feeds": {}}', '{"x": 1}'])
def test_damaged_settings_are_named(
    command: list[str], settings: str, home: Path, tmp_path: Path
) -> None:
    damaged = tmp_path / "home"
    damaged.mkdir()
    (damaged / "settings.json").write_text(settings)
    assert "settings.json" in failed(*command, "--home", damaged)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CUSTOMER360_FIRST_BUSINESS_DATE", "2024-13-45"),
        ("CUSTOMER360_DEPLOYMENT", "somewhere"),
        ("CUSTOMER360_HOME", "~nobody-of-this-name/home"),
    ],
)
@pytest.mark.parametrize("command", [*READING.values(), RUN])
def test_a_setting_of_a_variable_is_named(
    command: list[str], name: str, value: str, home: Path
) -> None:
    at = {} if name == "CUSTOMER360_HOME" else {"CUSTOMER360_HOME": str(home)}
    said = failed(*command, **{**at, name: value})
    assert (value if name == "CUSTOMER360_HOME" else name) in said


@pytest.mark.parametrize("command", DATED)
def test_a_date_that_is_none(command: str) -> None:
    assert "2024-13-45" in failed(command, "--business-date", "2024-13-45")


@pytest.mark.parametrize("command", ["sql", "profile"])
def test_an_as_of_date_that_is_none(command: str) -> None:
    assert "2024-02-30" in failed(command, "1", "--as-of", "2024-02-30")


def test_a_landing_zone_that_is_none(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    home = tmp_path / "home"
    for landing in (tmp_path / "missing", file):
        assert landing.name in failed(*RUN, "--home", home, "--landing", landing)
        said = failed(*RUN, "--home", home, CUSTOMER360_LANDING=str(landing))
        assert str(landing) in said.replace("\n", "")
    assert "--landing" in failed(*RUN, "--home", home)
    assert not home.exists()


@pytest.mark.parametrize(
    "content", [None, b"", b"\xff\xfe", b"# caf\xe9", b"feed: [", b"feed: unknown"]
)
def test_a_feed_set_that_is_none(content: bytes | None, tmp_path: Path) -> None:
    feeds, landing = tmp_path / "feeds", tmp_path / "landing"
    landing.mkdir()
    if content is not None:
        feeds.mkdir()
        (feeds / "card.yaml").write_bytes(content)
    said = failed(*RUN, "--home", tmp_path / "home", "--landing", landing, "--feeds", feeds)
    assert str(feeds) in said.replace("\n", "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["history", "stage.customers"], "stage.customers"),
        (["history", "customers"], "customers"),
        (["describe", "stage.customers"], "There is no table stage.customers. Did you mean stage."),
        (["describe", ""], "There is no table ."),
        (["rollback", "stage.customer", "--to", "17"], "no snapshot 17"),
        (["rollback", "stage.customer"], "--to SNAPSHOT"),
        (["rollback", "--run", "nobody"], "nobody"),
        (["profile", "17"], "No profile of client 17 in this home."),
        (["profile", "17", "--as-of", "2024-05-23"], "No profile of client 17"),
        (["profile", "x"], "client_id"),
        (["branch", "17"], "No client of branch 17 in this home."),
        (["sql", "SELECT 1", "--limit", "-1"], "--limit"),
        (["sql", "SELECT 1", "--format", "xml"], "xml"),
        (["ui", "--port", "99999"], "--port"),
        (["first-load", "--business-date", "2024-05-23"], "CUSTOMER360_DEPLOYMENT"),
    ],
)
def test_what_is_not_there(home: Path, arguments: list[str], said: str) -> None:
    where = [] if arguments[0] == "describe" else ["--home", home]
    assert said in failed(*arguments, *where).replace("\n", " ")


def test_a_port_that_is_taken(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"127.0.0.1:{port}" in failed("ui", "--home", home, "--port", str(port))


@pytest.mark.parametrize(
    "sources",
    [
        [],
        ["--crm-url", "crm"],
        # It is tried again for a while.
        pytest.param(["--crm-url", "http://127.0.0.1:1"], marks=pytest.mark.slow),
        ["--source-db", "oracle://db"],
        ["--source-db", "postgresql://127.0.0.1:1/core"],
    ],
)
def test_a_source_that_is_none(sources: list[str], tmp_path: Path) -> None:
    settings = {"CUSTOMER360_CRM_TOKEN": "x", "CUSTOMER360_SOURCE_DB_PASSWORD": "x"}
    given = ["--business-date", "2024-05-23", "--landing", tmp_path / "in"]
    failed("extract", *given, *sources, **settings)


@pytest.mark.parametrize("key", ["x", "5a"])
def test_a_card_key_that_is_none(key: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    given = ["--landing", tmp_path / "in", "--home", tmp_path / "home"]
    assert "CUSTOMER360_CARD_KEY" in failed(*RUN, *given, CUSTOMER360_CARD_KEY=key)


def test_every_command_has_an_example() -> None:
    for command in app.registered_commands:
        assert command.callback is not None
        name = command.name or command.callback.__name__
        ran = CliRunner().invoke(app, [name, "--help"])
        assert ran.exit_code == 0
        assert f"Example: customer360 {name}" in " ".join(ran.output.split()), name


def test_the_settings_are_kept_as_json(home: Path) -> None:
    assert json.loads((home / "settings.json").read_text())["feeds"] == "workshop"


def test_a_message_is_escaped_where_the_encoding_lacks_it(tmp_path: Path) -> None:
    ran = customer360("tables", "--home", tmp_path / "účet", encoding="ascii")
    assert ran.code == 1
    assert r"\xfa\u010det is not a home" in ran.err
