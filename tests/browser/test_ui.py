"""What the person on call sees and does in the Dagster UI, in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from customer360_assets.cli.demo import END
from resources.deployment.deployment import deployment
from resources.wiring.deployed import services_of
from tests.browser import pages
from tests.browser.session import Ui

pytestmark = pytest.mark.slow


def test_the_asset_graph_leads_from_the_sources_to_the_profile(page: Page) -> None:
    pages.asset_graph(page)
    expect(page.get_by_text("Materialize all")).to_be_visible()


def test_the_profile_is_materialized_for_one_date(page: Page, ui: Ui, home: Path) -> None:
    lake = services_of(deployment(home))["lake"]
    before = lake.files("profile.customer_360")
    run = pages.materialize(page, ui, str(END))
    assert run["status"] == "SUCCESS"
    assert run["dagster/partition"] == str(END)
    newest = lake.history("profile.customer_360")[-1]
    assert newest.run_id == run["id"]
    assert newest.rows == 60
    assert lake.files("profile.customer_360") != before


def test_an_asset_shows_rows_columns_and_owner(page: Page) -> None:
    pages.overview(page)
    for text in ("customer-data", "The client's number in CRM.", "personal_data: pseudonym"):
        expect(page.get_by_text(text).first).to_be_visible()


def test_checks_say_numbers_in_a_sentence(page: Page) -> None:
    pages.checks(page, pages.PROFILE, "contract", "60 rows keep all")
    pages.checks(page, "/assets/stage/transaction", "conservation", "delivered =")


def test_partitions_and_metadata_are_there(page: Page) -> None:
    pages.partitions(page)
    expect(page.get_by_text("Materialized (1)")).to_be_visible()
    pages.events(page, "/assets/stage/transaction")
    expect(page.get_by_text("quarantined", exact=True)).to_be_visible()


def test_a_table_that_there_is_not_is_not_shown_as_one(page: Page) -> None:
    page.goto("/assets/profile/customer_361")
    expect(page.get_by_text("Row count")).not_to_be_visible()
