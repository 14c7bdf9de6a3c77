"""A demo home, its UI, and a page on it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.session import Ui, browser, chromium, serve


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the home of a small demo."""
    if chromium() is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    home = tmp_path_factory.mktemp("browser") / "home"
    command = [str(Path(sys.executable).with_name("customer360")), "demo", "--home", str(home)]
    subprocess.run([*command, "--customers", "60", "--days", "20"], check=True, capture_output=True)
    return home


@pytest.fixture(scope="session")
def ui(home: Path) -> Iterator[Ui]:
    """Yield the UI of the demo."""
    with serve(home) as served:
        yield served


@pytest.fixture
def page(ui: Ui) -> Iterator[Page]:
    """Yield a page on the UI."""
    with browser(ui) as opened:
        yield opened
