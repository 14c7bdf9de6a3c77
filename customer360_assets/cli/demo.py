"""`customer360 demo`: a simulated bank, from its source systems to one customer's profile."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path

from rich.console import Console

from customer360_assets.cli.options import ProfileFormat
from resources.deployment.deployment import Deployment, deployment

END = dt.date(2024, 6, 30)
DAY = dt.timedelta(days=1)
CHOICE = """
SELECT client_id
FROM profile.customer_360
ORDER BY
    CASE WHEN history_credit_count_6m > 0 THEN 0 ELSE 1 END,
    CASE WHEN web_sessions > 0 THEN 0 ELSE 1 END,
    CASE WHEN product_cards > 0 THEN 0 ELSE 1 END,
    client_id
"""


def demo_command(home: Path | None, customers: int, days: int, seed: int) -> int:
    """Simulate, extract, materialize and show; return the exit code of the run."""
    from customer360_assets.cli.run import run_command

    console = Console(highlight=False)
    started = time.monotonic()
    target = deployment(home or Path(".customer360")).model_copy(
        update={
            # Days go on after the history: what is dropped in later has a business date, too.
            "first_business_date": END - dt.timedelta(days=days - 1),
            "last_business_date": None,
        }
    )
    target.save()
    with console.status("Simulating a bank") as status:
        landing = _simulate(target.home / "bank", customers, days, seed, console)
        status.update("Extracting from its CRM and its core banking")
        _extract(target, landing, console)
    # Every file was closed before.
    code = run_command(target.home, landing, "workshop", END, settle=0)
    if code:
        return code
    _show(target, console)
    console.print(f"All of this took {time.monotonic() - started:.0f} s. What to try next:\n")
    from customer360_assets.extraction.customers import FOLDER, snapshot_name

    here = f"--home {_short(target.home)}"
    query = "SELECT feed, file, status, reason FROM raw.delivery WHERE status <> 'loaded'"
    for command, what in (
        (f"customer360 automation on {here}", "files are taken in as they come"),
        (f"customer360 ui {here}", "assets, lineage and checks in the Dagster UI"),
        (f'customer360 sql "{query}" {here}', "files that were refused, and why"),
        (f"customer360 branch 1 {here}", "the clients of a branch"),
        ("customer360 run --help", "your own files"),
    ):
        console.print(f"  .venv/bin/{command}\n    {what}", soft_wrap=True)
    newest, following = (
        _short(landing / FOLDER / snapshot_name(date)) for date in (END, END + DAY)
    )
    console.print(
        f"  cp {newest} {following}\n    with automation on and the UI open: CRM's file of the "
        f"next day; the profiles of {END + DAY} follow within a few minutes",
        soft_wrap=True,
    )
    return 0


def snapshot_dates(first: dt.date, last: dt.date) -> list[dt.date]:
    """Return the dates of CRM's snapshots: the first one, then every week up to the last one.

    No gap is longer than a run may span, so all of them are taken in by one.
    """
    weeks = range((last - first).days // 7 + 1)
    return sorted({first, *(last - n * dt.timedelta(days=7) for n in weeks)})


def _simulate(out: Path, customers: int, days: int, seed: int, console: Console) -> Path:
    from simulator.simulate import simulate

    started = time.monotonic()
    bank = simulate(out, customers=customers, days=days, seed=seed, end=END)
    console.print(
        f"Simulated a bank of {customers:,} customers: {bank.transactions:,} transactions and "
        f"{bank.files:,} files over {days} days ({time.monotonic() - started:.1f} s)."
    )
    return bank.landing


def _extract(target: Deployment, landing: Path, console: Console) -> None:
    from pydantic import SecretStr

    from customer360_assets.extraction.customers import extract_customers
    from customer360_assets.extraction.settings import CoreBankingSettings, CrmSettings
    from customer360_assets.extraction.transactions import extract_transactions
    from simulator.core_banking import core_banking
    from simulator.crm_app import crm_app
    from simulator.simulate import simulated

    bank = simulated(target.home / "bank")
    snapshots = []
    for date in snapshot_dates(target.first_business_date, END):
        with crm_app(bank.customers_file, as_of=date) as crm:
            settings = CrmSettings(url=crm.url, token=SecretStr(crm.token))
            snapshots.append(extract_customers(settings, landing, date))
    console.print(
        f"Extracted {len(snapshots)} snapshots of crm_customer, the last one of "
        f"{snapshots[-1].rows:,} rows ({sum(s.seconds for s in snapshots):.1f} s)."
    )
    with core_banking(bank.transactions_files, target.home / "postgres") as database:
        booked = extract_transactions(CoreBankingSettings(url=database.url), landing, END)
    console.print(f"Extracted {booked.rows:,} rows of {booked.source} ({booked.seconds:.1f} s).")


def _show(target: Deployment, console: Console) -> None:
    from customer360_assets.cli.activity import activity_charts
    from customer360_assets.cli.profile import profile_command
    from customer360_assets.publishing.platform import Platform
    from resources.wiring.deployed import services_of

    platform = Platform(**services_of(target))
    files = platform.lake.files("profile.customer_360", first=END, last=END)
    chosen = platform.sql.query(CHOICE, inputs={"profile.customer_360": files})
    client_id = chosen["client_id"][0].as_py()
    console.print(f"\nThe profile of client {client_id} on {END}:\n")
    profile_command(target.home, client_id, None, ProfileFormat.text)
    for line in activity_charts(platform, client_id, END):
        console.print(line, soft_wrap=True)
    console.print()


def _short(home: Path) -> Path:
    """Return the home's path as typed from the current directory."""
    return home.relative_to(Path.cwd()) if home.is_relative_to(Path.cwd()) else home
