"""The UI behind its guard in a real browser: it works, and a page on another port does nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Page, WebSocket, expect

from tests.browser import pages
from tests.browser.session import Ui

pytestmark = pytest.mark.slow
CARD = '{path: ["stage", "card"]}'
WIPE = f"mutation {{ wipeAssets(assetPartitionRanges: [{{assetKey: {CARD}}}]) {{ __typename }} }}"
RECORD = (
    f"{{ assetOrError(assetKey: {CARD}) "
    "{ ... on Asset { assetMaterializations(limit: 100) { runId } } } }"
)
LAUNCH = """mutation { launchRun(executionParams: {mode: "default", runConfigData: {}, selector: {
  repositoryLocationName: "customer360", repositoryName: "__repository__", jobName: "keep_house"
}}) { ... on LaunchRunSuccess { run { id } } } }"""
HOSTILE = """<!doctype html><body><script>
const ui = UI, wipe = WIPE;
const query = `${ui}/graphql?query=${encodeURIComponent(wipe)}`;
const forged = `${ui}/report_asset_materialization/stage/card?data_version=forged`;
const json = JSON.stringify({query: wipe});
const asked = [query, forged].flatMap(address => [
  fetch(address, {mode: "no-cors", credentials: "include"}),
  fetch(address, {mode: "no-cors", credentials: "include", method: "POST"}),
  fetch(address, {mode: "no-cors", credentials: "include", method: "POST", body: json}),
  fetch(address, {credentials: "include", method: "POST", body: json,
                  headers: {"Content-Type": "application/json"}}),
  new Promise((loaded, failed) => {
    const image = new Image(); image.onload = loaded; image.onerror = failed; image.src = address;
  }),
]);
asked.push(new Promise((opened, failed) => {
  const socket = new WebSocket(ui.replace("http", "ws") + "/graphql", "graphql-ws");
  socket.onopen = () => { document.title = "socket opened"; opened(); };
  socket.onerror = failed;
}));
Promise.allSettled(asked).then(() => { document.body.append("All was tried."); });
</script></body>"""


@contextmanager
def hostile_page(ui: Ui) -> Iterator[str]:
    """Serve a page on another port of the same host; give its address."""
    page = HOSTILE.replace("UI", f'"{ui.address}"', 1).replace("WIPE", repr(WIPE), 1)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def test_a_page_on_another_port_changes_nothing(page: Page, ui: Ui) -> None:
    pages.overview(page, "/assets/stage/card")
    before = ui.ask(RECORD)
    assert before["assetOrError"]["assetMaterializations"]
    with hostile_page(ui) as address:
        page.goto(address)
        expect(page.get_by_text("All was tried.")).to_be_visible()
        assert page.title() != "socket opened"
    assert ui.ask(RECORD) == before
    # The same browser is still let in.
    pages.overview(page, "/assets/stage/card")


def test_events_of_a_run_come_to_the_page_by_its_websocket(page: Page, ui: Ui, home: Path) -> None:
    run = ui.ask(LAUNCH)["launchRun"]["run"]["id"]
    status = f'{{ runOrError(runId: "{run}") {{ ... on Run {{ status }} }} }}'
    while (ended := ui.ask(status)["runOrError"]["status"]) not in pages.ENDED:
        time.sleep(1)
    assert ended == "SUCCESS"
    received: list[str] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: received.append(str(frame)))

    page.on("websocket", listen)
    page.goto(f"/runs/{run}")
    expect(page.get_by_text("RUN_SUCCESS").first).to_be_visible()
    assert any("RunSuccessEvent" in frame for frame in received)
    assert ui.token not in (home / "ui.log").read_text("utf-8")


def test_without_the_token_a_browser_sees_one_sentence(page: Page) -> None:
    page.context.clear_cookies()
    answer = page.goto("/runs")
    assert answer is not None
    assert answer.status == 401
    expect(page.get_by_text("customer360 ui printed")).to_be_visible()
