"""Dagster's webserver on a record of its own, with and without the guard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import EmptyWorkspaceTarget
from dagster_webserver.app import create_app_from_workspace_process_context
from dagster_webserver.version import __version__
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from customer360_assets.web.access import Access, access_to
from customer360_assets.web.guard import Guard
from tests.instances import put_new_record

TOKEN = "t0ken-" + "x" * 32
ADDRESS = "http://127.0.0.1:3000"
ASSET = dg.AssetKey(["stage", "card"])


@pytest.fixture
def access(monkeypatch: pytest.MonkeyPatch) -> Access:
    monkeypatch.delenv("CUSTOMER360_UI_URL", raising=False)
    return access_to("127.0.0.1", 3000, TOKEN)


@pytest.fixture
def record(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """A record that knows of one materialization of an asset."""
    put_new_record(tmp_path)
    with dg.instance_for_test(temp_dir=str(tmp_path)) as instance:
        instance.report_runless_asset_event(dg.AssetMaterialization(ASSET))
        yield instance


@pytest.fixture
def webserver(record: dg.DagsterInstance) -> Iterator[ASGIApp]:
    """Dagster's webserver as it is."""
    target = EmptyWorkspaceTarget()
    with WorkspaceProcessContext(record, target, version=__version__) as context:
        yield create_app_from_workspace_process_context(context)


@pytest.fixture
def browser(webserver: ASGIApp, access: Access) -> TestClient:
    """A browser that has logged in, before the guarded webserver."""
    client = TestClient(Guard(webserver, access), ADDRESS, follow_redirects=False)
    assert client.get("/", params={"token": TOKEN}).status_code == 303
    return client
