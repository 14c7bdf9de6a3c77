"""What a page in another tab did to the record through Dagster's webserver, and does no more."""

from __future__ import annotations

import json
from typing import Any

import dagster as dg
import pytest
from starlette.testclient import TestClient
from starlette.types import ASGIApp
from starlette.websockets import WebSocketDisconnect

from tests.web.conftest import ADDRESS, ASSET, TOKEN

WIPE = (
    'mutation { wipeAssets(assetPartitionRanges: [{assetKey: {path: ["stage", "card"]}}])'
    " { __typename } }"
)
VERSION = "{ version }"
FORGED = "/report_asset_materialization/stage/card"
PROBES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "an image that wipes": ("GET", "/graphql", {"params": {"query": WIPE}}),
    "a form that wipes": ("POST", "/graphql", {"params": {"query": WIPE}}),
    "text that wipes": (
        "POST", "/graphql",
        {"content": WIPE, "headers": {"Content-Type": "text/plain; application/graphql"}},
    ),
    "a hidden kind that wipes": (
        "POST", "/graphql",
        {
            "content": json.dumps({"query": WIPE}),
            "headers": {"Content-Type": "text/plain; application/json"},
        },
    ),
    "a post without a body that forges": ("POST", FORGED, {"params": {"data_version": "forged"}}),
    "a post with a body that forges": ("POST", FORGED, {"json": {"data_version": "forged"}}),
    "a forged check": (
        "POST", "/report_asset_check/stage/card",
        {"params": {"check_name": "contract", "passed": "true"}},
    ),
    "a forged observation": (
        "POST", "/report_asset_observation/stage/card", {"params": {"data_version": "forged"}}
    ),
}  # fmt: skip


def _record(instance: dg.DagsterInstance) -> tuple[int, ...]:
    """Return how often each kind of event of the asset is on record."""
    check = dg.AssetCheckKey(ASSET, "contract")
    return (
        len(instance.fetch_materializations(ASSET, limit=9).records),
        len(instance.fetch_observations(ASSET, limit=9).records),
        len(instance.event_log_storage.get_asset_check_execution_history(check, limit=9)),
    )


@pytest.mark.parametrize("probe", PROBES.values(), ids=PROBES)
def test_the_webserver_alone_changes_the_record(
    probe: tuple[str, str, dict[str, Any]], webserver: ASGIApp, record: dg.DagsterInstance
) -> None:
    method, path, content = probe
    before = _record(record)
    TestClient(webserver, ADDRESS).request(method, path, **content)
    assert _record(record) != before


@pytest.mark.parametrize("probe", PROBES.values(), ids=PROBES)
@pytest.mark.parametrize(
    "origin", [None, ADDRESS, "http://127.0.0.1:8000", pytest.param("null", marks=pytest.mark.slow)]
)
def test_behind_the_guard_nothing_changes(
    probe: tuple[str, str, dict[str, Any]],
    origin: str | None,
    browser: TestClient,
    record: dg.DagsterInstance,
) -> None:
    method, path, content = probe
    before = _record(record)
    headers = {**content.get("headers", {}), **({"Origin": origin} if origin else {})}
    answer = browser.request(method, path, **{**content, "headers": headers})
    assert answer.status_code in {403, 405, 415}
    assert _record(record) == before == (1, 0, 0)


@pytest.mark.parametrize(
    "foreign",
    [
        {"Origin": "http://127.0.0.1:8000"},
        {"Origin": "https://127.0.0.1:3000"},
        {"Origin": "http://localhost:3000"},
        {"Origin": "null"},
        {"Origin": ADDRESS, "Sec-Fetch-Site": "same-site"},
        {"Origin": ADDRESS, "Host": "rebound.example:3000"},
        {"Origin": "http://rebound.example:3000", "Host": "rebound.example:3000"},
        {"Origin": ADDRESS, "Host": "127.0.0.1:8000"},
        {},
    ],
    ids=str,
)
def test_a_proper_mutation_of_another_page_is_refused(
    foreign: dict[str, str], browser: TestClient, record: dg.DagsterInstance
) -> None:
    answer = browser.post("/graphql", json={"query": WIPE}, headers=foreign)
    assert answer.status_code in {400, 403}
    assert _record(record) == (1, 0, 0)
    with pytest.raises(WebSocketDisconnect), _socket(browser, foreign):
        pass


def test_the_ui_itself_may(browser: TestClient, record: dg.DagsterInstance) -> None:
    own = {"Origin": ADDRESS, "Sec-Fetch-Site": "same-origin"}
    assert browser.post("/graphql", json={"query": VERSION}, headers=own).json()["data"]
    with _socket(browser, own) as socket:
        socket.send_json({"type": "connection_init"})
        assert socket.receive_json()["type"] == "connection_ack"
    answer = browser.post("/graphql", json={"query": WIPE}, headers=own)
    assert answer.json()["data"]["wipeAssets"]["__typename"] == "AssetWipeSuccess"
    assert _record(record) == (0, 0, 0)


def test_a_script_with_the_token_may(browser: TestClient) -> None:
    browser.cookies.clear()
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    assert browser.post("/graphql", json={"query": VERSION}, headers=bearer).json()["data"]
    with _socket(browser, bearer) as socket:
        socket.send_json({"type": "connection_init"})
        assert socket.receive_json()["type"] == "connection_ack"


def _socket(client: TestClient, headers: dict[str, str]) -> Any:
    place = f"ws://{headers.get('Host', '127.0.0.1:3000')}/graphql"
    rest = {k: v for k, v in headers.items() if k != "Host"}
    return client.websocket_connect(place, ["graphql-ws"], headers=rest)
