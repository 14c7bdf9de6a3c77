"""`customer360 extract`: take from the source systems, and say what was taken."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from customer360_assets.extraction.customers import extract_customers
from customer360_assets.extraction.extracted import Extracted, ExtractionError
from customer360_assets.extraction.settings import core_banking_settings, crm_settings
from customer360_assets.extraction.transactions import extract_transactions
from resources.account.aws_names import AwsNames
from resources.deployment.deployment import Deployment, deployment


def extract_command(
    landing: Path | None,
    business_date: dt.date,
    crm_url: str | None,
    source_db: str | None,
    look_back: int,
) -> int:
    """Extract from the given sources; return 0 if all of them are delivered, else 1.

    On AWS they are those of the environment, and the landing zone is its own.
    """
    console = Console(highlight=False)
    if (here := deployment()).aws is not None:
        if landing or crm_url or source_db:
            console.print(
                f"[red]{here.name} has a landing zone and sources of its own:[/red]"
                " leave --landing, --crm-url and --source-db out."
            )
            return 1
        return _on_aws(console, here, here.aws, business_date, look_back)
    if landing is None:
        console.print("[red]No landing folder: give --landing.[/red]")
        return 1
    if crm_url is None and source_db is None:
        console.print("[red]No source: give --crm-url, --source-db or both.[/red]")
        return 1
    taken: list[Extracted] = []
    failure = None
    try:
        if crm_url is not None:
            with console.status("CRM"):
                taken.append(extract_customers(crm_settings(crm_url), landing, business_date))
        if source_db is not None:
            with console.status("Core banking"):
                settings = core_banking_settings(source_db, look_back)
                taken.append(extract_transactions(settings, landing, business_date))
    except (ExtractionError, OSError) as error:
        failure = str(error)
    if taken:
        _print(console, taken)
    if failure is not None:
        console.print("[red]Not extracted.[/red]", end=" ")
        console.print(failure, markup=False)
        return 1
    return 0


def _on_aws(
    console: Console, here: Deployment, names: AwsNames, business_date: dt.date, look_back: int
) -> int:
    from customer360_assets.extraction.on_aws import (
        extract_customers_on_aws,
        extract_transactions_on_aws,
    )
    from resources.jobs.glue_engine import GlueEngine
    from resources.s3.mirror import Mirror

    engine = GlueEngine(names, Mirror(here.lake_dir, names))
    sources: dict[str, Callable[[], Extracted]] = {
        "CRM": lambda: extract_customers_on_aws(names, business_date, here.scratch_dir),
        "Core banking": lambda: extract_transactions_on_aws(
            names, engine, business_date, look_back
        ),
    }
    taken: list[Extracted] = []
    failures = []
    for name, extracted in sources.items():
        try:
            with console.status(name):
                taken.append(extracted())
        except ExtractionError as error:
            failures.append(str(error))
    if taken:
        _print(console, taken)
    for failure in failures:
        console.print("[red]Not extracted.[/red]", end=" ")
        console.print(failure, markup=False)
    return 1 if failures else 0


def _print(console: Console, taken: list[Extracted]) -> None:
    sources = Table(box=None, pad_edge=False)
    sources.add_column("source")
    for name in ("rows", "files", "new or changed", "seconds"):
        sources.add_column(name, justify="right")
    sources.add_column("file")
    for one in taken:
        sources.add_row(
            one.source,
            f"{one.rows:,}",
            f"{len(one.files):,}",
            f"{len(one.delivered):,}",
            f"{one.seconds:.1f}",
            f"{one.file.parent.name}/{one.file.name}",
        )
    console.print(sources)
    for one in taken:
        if one.undated:
            console.print(
                f"[yellow]{one.source}: {one.undated:,} rows of the source state no date; they"
                " belong to no business date and were not delivered.[/yellow]"
            )
    totals = [(one.source, total) for one in taken for total in one.totals]
    if not totals:
        return
    shown = Table(box=None, pad_edge=False)
    for name in ("control totals, as in the source", "type"):
        shown.add_column(name)
    for name in ("rows", "amount", "balance"):
        shown.add_column(name, justify="right")
    for source, total in totals:
        sums = ("-" if s is None else f"{s:,}" for s in (total.amount, total.balance))
        shown.add_row(source, total.type or "-", f"{total.rows:,}", *sums)
    console.print(shown)
