"""What this project knows of the webserver's private names."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from dagster._core.workspace.load_target import EmptyWorkspaceTarget
from starlette.testclient import TestClient

from customer360_assets.web import webserver_internals as internals
from resources.dagster_internals import WorkspaceProcessContext
from tests.instances import put_new_record
from tests.structure.shapes import shape


def test_create_app(tmp_path: Path) -> None:
    import dagster as dg

    assert shape(internals.create_app_from_workspace_process_context) == (
        "workspace_process_context path_prefix= live_data_poll_rate= **kwargs"
    )
    put_new_record(tmp_path)
    with dg.instance_for_test(temp_dir=str(tmp_path)) as instance:
        target = EmptyWorkspaceTarget()
        with WorkspaceProcessContext(instance, target, version=internals.__version__) as context:
            app = internals.create_app_from_workspace_process_context(
                context, live_data_poll_rate=2_000
            )
            answer = TestClient(app).get("/server_info").json()
    assert answer["dagster_webserver_version"] == internals.__version__


def test_version() -> None:
    assert internals.__version__ == version("dagster-webserver")
