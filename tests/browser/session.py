"""The real `customer360 ui` on a home, and a headless Chromium in front of it."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, ViewportSize, expect, sync_playwright

from customer360_assets.web.access import TOKEN

START_SECONDS = 300.0
PAGE_MS = 60_000
"""How long a page may take to show something, beside a busy daemon."""
SIZE: ViewportSize = {"width": 1500, "height": 950}
LOCATION = "customer360"


@dataclass(frozen=True)
class Ui:
    """A running webserver and daemon; `process` leads their process group."""

    address: str
    process: subprocess.Popen[bytes]
    token: str

    def ask(self, query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the data of a GraphQL query."""
        body = json.dumps({"query": query, "variables": dict(variables or {})}).encode()
        request = urllib.request.Request(  # noqa: S310 - our own server
            f"{self.address}/graphql",
            body,
            {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            found: dict[str, Any] = json.load(answer)
        assert "errors" not in found, [error["message"] for error in found["errors"]]
        data: dict[str, Any] = found["data"]
        return data

    def kill(self) -> None:
        """End webserver, daemon and every run at once, as a power cut does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def serve(home: Path, **variables: str) -> Iterator[Ui]:
    """Serve a home until the block ends; the port is a free one."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(Path(sys.executable).with_name("customer360")), "ui", "--home", str(home)]
    token = secrets.token_urlsafe(32)
    with (home / "ui.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, "--port", str(port)],
            stdout=log,
            stderr=log,
            start_new_session=True,
            env={**os.environ, TOKEN: token, **variables},
        )
        ui = Ui(f"http://127.0.0.1:{port}", process, token)
        try:
            _wait_until_loaded(ui, home / "ui.log")
            yield ui
        finally:
            if process.poll() is None:
                ui.kill()


def _wait_until_loaded(ui: Ui, log: Path) -> None:
    loaded = (
        "{ workspaceOrError { __typename ... on Workspace { locationEntries { loadStatus } } } }"
    )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert ui.process.poll() is None, log.read_text("utf-8")[-2000:]
        try:
            entries = ui.ask(loaded)["workspaceOrError"].get("locationEntries", [])
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            entries = []
        if entries and all(entry["loadStatus"] == "LOADED" for entry in entries):
            return
        time.sleep(0.5)
    raise TimeoutError(
        f"the UI did not load in {START_SECONDS} s: {log.read_text('utf-8')[-2000:]}"
    )


def chromium() -> str | None:
    """Return the path of Chromium, None when the machine has none."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def browser(ui: Ui) -> Iterator[Page]:
    """Open a page on the UI."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        page = opened.new_page(base_url=ui.address, viewport=SIZE, device_scale_factor=1)
        page.set_default_timeout(PAGE_MS)
        expect.set_options(timeout=PAGE_MS)
        page.request.get(f"/?token={ui.token}", max_redirects=0)
        try:
            yield page
        finally:
            opened.close()
