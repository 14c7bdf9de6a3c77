"""What an operator opens in the Dagster UI, and what there is to see when it has loaded."""

from __future__ import annotations

import re
import time

from playwright.sync_api import Page, expect

from tests.browser.session import Ui

PROFILE = "/assets/profile/customer_360"
RUNS = "{ runsOrError(limit: 1) { ... on Runs { results { id status tags { key value } } } } }"
ENDED = {"SUCCESS", "FAILURE", "CANCELED"}


def asset_graph(page: Page) -> None:
    """Open the lineage of the profile, from the sources on."""
    page.goto(f"{PROFILE}?view=lineage&lineageScope=upstream&lineageDepth=10")
    for table in ("crm_customer", "web_session", "product_holding", "customer_360"):
        expect(page.get_by_text(table, exact=True).first).to_be_visible()


def overview(page: Page, asset: str = PROFILE) -> None:
    """Open an asset's page."""
    page.goto(asset)
    expect(page.get_by_text("Latest materialization")).to_be_visible()
    expect(page.get_by_text("Row count")).to_be_visible()


def checks(page: Page, asset: str, check: str, sentence: str | re.Pattern[str]) -> None:
    """Open one check of an asset; its latest result says the sentence."""
    page.goto(f"{asset}?view=checks&checkDetail={check}")
    expect(page.get_by_text(sentence).first).to_be_visible()


def partitions(page: Page, asset: str = PROFILE) -> None:
    """Open the partitions of an asset."""
    page.goto(f"{asset}?view=partitions")
    expect(page.get_by_text("Partitions Selected")).to_be_visible()


def events(page: Page, asset: str) -> None:
    """Open the materializations of an asset."""
    page.goto(f"{asset}?view=events")
    expect(page.get_by_text("dagster/row_count")).to_be_visible()


def materialize(page: Page, ui: Ui, date: str, asset: str = PROFILE) -> dict[str, str]:
    """Materialize one partition of an asset by hand; return the run's id, status and tags."""
    before = _newest(ui).get("id")
    launch_dialog(page, asset, date)
    page.get_by_role("button", name=re.compile("Launch")).click()
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        run = _newest(ui)
        if run.get("id") != before and run.get("status") in ENDED:
            return run
        time.sleep(1)
    raise TimeoutError("the run that the UI launched did not end in 120 s")


def launch_dialog(page: Page, asset: str, date: str) -> None:
    """Open the dialog that launches runs of an asset, with one date chosen of all."""
    overview(page, asset)
    page.get_by_role("button", name="Materialize").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Show all partitions").click()
    chosen = dialog.get_by_role("textbox").first
    chosen.fill(date)
    chosen.press("Enter")
    expect(dialog.get_by_text("1 partition", exact=True)).to_be_visible()


def listed(page: Page, asset: str, name: str) -> None:
    """Open the newest materialization of an asset, which has a table as metadata."""
    page.goto(f"{asset}?view=events")
    expect(page.get_by_text(name, exact=True)).to_be_visible()
    expect(page.get_by_role("columnheader", name="file", exact=True)).to_be_visible()


def runs(page: Page, date: str) -> None:
    """Open the runs; those of the command are named by business date."""
    page.goto("/runs")
    expect(page.get_by_text(date).first).to_be_visible()


def _newest(ui: Ui) -> dict[str, str]:
    results = ui.ask(RUNS)["runsOrError"]["results"]
    if not results:
        return {}
    tags = {tag["key"]: tag["value"] for tag in results[0]["tags"]}
    return {**tags, "id": results[0]["id"], "status": results[0]["status"]}
