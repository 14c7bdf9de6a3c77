"""Customers from the CRM: one file with a snapshot of all of them."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from pathlib import Path

from customer360_assets.extraction.drafts import drafts_in
from customer360_assets.extraction.extracted import Extracted, ExtractionError
from customer360_assets.extraction.settings import CrmSettings
from resources.sources.crm_client import CrmClient, CrmError, Patience

FOLDER = "crm"


def snapshot_name(business_date: dt.date) -> str:
    """Return the name of the file of a business date's customers."""
    return f"crm00{business_date:%Y%m%d}-000000.json"


def extract_customers(
    settings: CrmSettings,
    landing: Path,
    business_date: dt.date,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> Extracted:
    """Deliver crm/crm00YYYYMMDD-000000.json: one Python dict literal per line, as CRM's own files.

    The name's time comes of the business date, not of the clock, so that the same customers are
    the same file. Raises ExtractionError, and then delivers nothing.
    """
    started = time.monotonic()
    name = snapshot_name(business_date)
    rows = 0
    try:
        client = CrmClient(
            settings.url,
            settings.token.get_secret_value(),
            page_size=settings.page_size,
            patience=Patience(
                settings.attempts, settings.backoff, settings.longest_wait, settings.timeout
            ),
            sleep=sleep,
        )
        with drafts_in(landing / FOLDER) as drafts:
            with drafts.draft(name).open("w", encoding="utf-8", newline="\n") as file:
                for customers in client.pages():
                    file.writelines(f"{customer!r}\n" for customer in customers)
                    rows += len(customers)
            if not rows:
                raise CrmError(f"CRM at {settings.url}: it has no customers")
            delivered = drafts.deliver([name])
    except CrmError as error:
        failure = str(error)
    else:
        files = (landing / FOLDER / name,)
        return Extracted("crm_customer", files, delivered, rows, time.monotonic() - started)
    raise ExtractionError(f"{failure}. No customers were delivered.")
