"""Where the UI may listen, and which settings it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from customer360_assets.automation.alerts.from_runs import UI
from customer360_assets.web.access import (
    TOKEN,
    AccessError,
    access_to,
    address_of,
    decided_token,
    is_loopback,
)
from customer360_assets.web.serve import main
from customer360_assets.web.sockets import LONGEST, private_folder
from resources.deployment.deployment import Deployment
from tests.cli.test_mistakes import failed

EVERYWHERE = "0.0.0.0"  # noqa: S104 - refused, or behind a token
SECRET = "s3cret_" + "y" * 32


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_a_loopback_host_needs_no_decision(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TOKEN, raising=False)
    assert is_loopback(host)
    assert decided_token(host) is None


@pytest.mark.parametrize("host", [EVERYWHERE, "::", "10.1.2.3", "customer360.bank.example"])
def test_another_host_needs_a_token_of_the_operators(
    host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(TOKEN, raising=False)
    Deployment(home=tmp_path).save()
    said = failed("ui", "--home", tmp_path, "--host", host, "--port", "1")
    assert said.startswith(f"Other machines would reach the UI on {host}: set {TOKEN}")
    monkeypatch.setenv(TOKEN, SECRET)
    assert decided_token(host) == SECRET


@pytest.mark.parametrize("token", ["short", "x" * 31, "x" * 40 + "\n", "with a space " * 4])
def test_a_token_that_can_be_guessed_is_refused_and_not_said(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN, token)
    with pytest.raises(AccessError, match=TOKEN) as refused:
        decided_token("127.0.0.1")
    assert token not in str(refused.value)


@pytest.mark.parametrize(
    "address",
    [
        "customer360.bank.example",
        "ftp://customer360.bank.example",
        "https://",
        "https://bank.example:port",
        "https://operator:secret@bank.example",
        f"http://127.0.0.1:3000/?token={SECRET}",
    ],
)
def test_an_address_that_is_none_or_holds_a_secret_is_refused(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(UI, address)
    with pytest.raises(AccessError, match=UI) as refused:
        decided_token("127.0.0.1")
    assert SECRET not in str(refused.value)


def test_a_host_is_known_by_its_port_and_its_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(UI, "https://UI.bank.example:443/customer360")
    assert access_to("127.0.0.2", 80, SECRET).origins == {
        "127.0.0.1": "http://127.0.0.1",
        "127.0.0.2": "http://127.0.0.2",
        "localhost": "http://localhost",
        "[::1]": "http://[::1]",
        "ui.bank.example": "https://ui.bank.example",
    }
    assert access_to(EVERYWHERE, 3000, SECRET).origins == {
        "127.0.0.1:3000": "http://127.0.0.1:3000",
        "localhost:3000": "http://localhost:3000",
        "[::1]:3000": "http://[::1]:3000",
        "ui.bank.example": "https://ui.bank.example",
    }


def test_the_printed_address_can_be_opened() -> None:
    assert address_of(EVERYWHERE, 3000) == "http://127.0.0.1:3000"
    assert address_of("::1", 3000) == "http://[::1]:3000"


def test_no_secret_is_in_what_may_be_logged() -> None:
    access = access_to("127.0.0.1", 3000, SECRET)
    assert SECRET not in repr(access)
    assert access.session not in repr(access)


def test_the_server_does_not_start_without_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TOKEN, raising=False)
    with pytest.raises(SystemExit, match=f"Set {TOKEN}"):
        main(["--workspace", "workspace.yaml"])


def test_the_folder_of_sockets_is_private_and_short_enough(tmp_path: Path) -> None:
    there = tmp_path / "open"
    there.mkdir(mode=0o755)
    assert private_folder(there) == there
    assert there.stat().st_mode & 0o777 == 0o700
    other = private_folder(tmp_path / ("long" * 40))
    assert other.stat().st_mode & 0o777 == 0o700
    assert len(str(other)) <= LONGEST
    other.rmdir()
