"""`make screenshots`: the pictures of the documentation, taken from the real UI on a demo home."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect

from customer360_assets.cli.demo import DAY, END
from tests.browser import pages
from tests.browser.session import SIZE, browser, serve

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
SETTLE_MS = 4_000
"""The graph is laid out, and plots drawn, after their text is there."""


def _shot(page: Page, name: str) -> None:
    page.wait_for_timeout(SETTLE_MS)
    page.screenshot(path=IMAGES / f"{name}.png")


def take(home: Path) -> None:
    """Save every screenshot of the UI of a home."""
    with serve(home) as ui, browser(ui) as page:
        # The graph fills what it is given: higher than wide, its names can be read.
        page.set_viewport_size({"width": 1200, "height": 1600})
        pages.asset_graph(page)
        _shot(page, "asset_graph")
        page.set_viewport_size(SIZE)
        pages.overview(page)
        _shot(page, "profile")
        pages.overview(page, "/assets/dimension/client_value")
        _shot(page, "asset_page")
        pages.checks(page, "/assets/stage/transaction", "conservation", "delivered =")
        _shot(page, "checks")
        pages.partitions(page, "/assets/stage/transaction")
        _shot(page, "partitions")
        pages.overview(page, "/assets/raw/delivery")
        _shot(page, "intake")
        pages.listed(page, "/assets/raw/account", "in quarantine")
        _shot(page, "quarantine")
        pages.listed(page, "/assets/raw/delivery", "refused files")
        _shot(page, "refused")
        pages.launch_dialog(page, "/assets/raw/card", str(END - DAY))
        _shot(page, "launch")
        pages.runs(page, str(END))
        _shot(page, "runs")
        page.goto("/automation")
        expect(page.get_by_text("new_and_late_deliveries").first).to_be_visible()
        _shot(page, "automation")


def main() -> None:
    """Build a demo home and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, help="a demo home; one is built when not given")
    home = parser.parse_args().home
    if home is not None:
        take(home)
        return
    with tempfile.TemporaryDirectory() as folder:
        built = Path(folder) / "home"
        command = [str(Path(sys.executable).with_name("customer360")), "demo"]
        subprocess.run([*command, "--home", str(built)], check=True)
        take(built)


if __name__ == "__main__":
    main()
