"""`customer360`: build the profiles of a home, and look at them."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from customer360_assets.cli.automation import automation
from customer360_assets.cli.failures import sentence_of, usage_of
from customer360_assets.cli.hold import hold
from customer360_assets.cli.homes import backup, restore
from customer360_assets.cli.options import HOME_KEY, AsOf, Home, OutputFormat, ProfileFormat
from customer360_assets.cli.stopping import stoppable
from customer360_assets.cli.upgrade import upgrade
from customer360_assets.cli.visible import say_failure, write_anything
from resources.files.private import keep_private

GOES_ON = "What was published stays; run again to continue."


class Commands(TyperGroup):
    """The commands; a failure is one sentence, without a traceback."""

    def invoke(self, ctx: Any) -> object:
        """Run a command; exits with 1 and the reason when it fails."""
        write_anything()
        keep_private()
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, BrokenPipeError):
            raise
        except typer.TyperException as error:
            say_failure(usage_of(error))
            raise typer.Exit(2) from None
        except Exception as error:
            if os.environ.get("CUSTOMER360_DEBUG"):
                raise
            say_failure(sentence_of(error, ctx.meta.get(HOME_KEY)))
            raise typer.Exit(1) from None


app = typer.Typer(
    name="customer360",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    help="Customer-360 profiles from a bank's delivered files.",
)


@app.command(
    epilog="Example: customer360 run --landing in --home .customer360 --business-date 2024-05-23"
)
def run(
    business_date: Annotated[
        dt.datetime,
        typer.Option(formats=["%Y-%m-%d"], help="Build everything outstanding up to this date."),
    ],
    home: Home = None,
    landing: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="Folder that deliveries arrive in."),
    ] = None,
    feeds: Annotated[
        str | None,
        typer.Option(help="Folder of feed specifications, or a built-in set: workshop, berka."),
    ] = None,
    accept_loss: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TABLE",
            help="Publish this table even if it lacks keys of the date before; repeatable.",
        ),
    ] = None,
    settle: Annotated[
        float | None,
        typer.Option(
            min=0,
            metavar="SECONDS",
            help="Wait until a file has not changed for so long; 10 if not given.",
        ),
    ] = None,
) -> None:
    """Take in what has arrived and materialize all that is outstanding up to a business date.

    Exits with 0 when the date is published, with 1 and the reason when it is not. With nothing new
    it does no work.
    """
    from customer360_assets.cli.run import run_command

    with stoppable(GOES_ON):
        code = run_command(home, landing, feeds, business_date.date(), accept_loss or (), settle)
        raise typer.Exit(code)


@app.command(
    epilog="Example: customer360 extract --landing in "
    "--business-date 2024-05-23 --crm-url https://crm.bank "
    "--source-db postgresql://reader@db.bank/core"
)
def extract(
    business_date: Annotated[
        dt.datetime, typer.Option(formats=["%Y-%m-%d"], help="Extract up to this date.")
    ],
    landing: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="Folder that the extracts are delivered to."),
    ] = None,
    crm_url: Annotated[
        str | None,
        typer.Option(help="URL of the CRM, without /customers; token: $CUSTOMER360_CRM_TOKEN."),
    ] = None,
    source_db: Annotated[
        str | None,
        typer.Option(
            help="Core banking, postgresql://user@host/database; password: "
            "$CUSTOMER360_SOURCE_DB_PASSWORD or $PGPASSWORD."
        ),
    ] = None,
    look_back: Annotated[
        int, typer.Option(min=0, help="Days before the business date to look for late rows in.")
    ] = 7,
) -> None:
    """Extract customers from CRM and transactions from core banking into the landing folder.

    On AWS, both come from the environment's sources into its landing zone. The first extraction
    takes all transactions up to the date, later ones what may have changed.
    Exits with 1 and the reason if a source could not be read completely; nothing is delivered.
    """
    from customer360_assets.cli.extract import extract_command

    with stoppable("Nothing half-written was delivered; extract again."):
        raise typer.Exit(
            extract_command(landing, business_date.date(), crm_url, source_db, look_back)
        )


@app.command(
    epilog='Example: customer360 sql "SELECT rule, count(*) FROM quarantine.card GROUP BY rule"'
)
def sql(
    query: Annotated[str, typer.Argument(help="A SELECT in the Athena dialect.")],
    home: Home = None,
    as_of: AsOf = None,
    all_dates: Annotated[
        bool, typer.Option("--all-dates", help="Read every business date of every table.")
    ] = False,
    limit: Annotated[int | None, typer.Option(min=0, help="Print this many rows at most.")] = None,
    output: Annotated[
        OutputFormat, typer.Option("--format", help="How to print rows.")
    ] = OutputFormat.table,
) -> None:
    """Query raw, stage, dimension, profile and quarantine tables (read only).

    Snapshots, dimensions and the profile show their newest business date (on or before --as-of),
    or all of them with --all-dates; facts and quarantine always show all of theirs.
    """
    from customer360_assets.cli.sql import sql_command

    date = as_of and as_of.date()
    raise typer.Exit(sql_command(home, query, date, output, limit=limit, all_dates=all_dates))


@app.command(epilog="Example: customer360 tables --home .customer360")
def tables(home: Home = None) -> None:
    """List the tables that customer360 sql can query: rows, business dates and meaning."""
    from customer360_assets.cli.tables import tables_command

    raise typer.Exit(tables_command(home))


@app.command(epilog="Example: customer360 profile 5233 --home .customer360")
def profile(
    client_id: Annotated[int, typer.Argument(help="The client's id in CRM.")],
    home: Home = None,
    as_of: AsOf = None,
    output: Annotated[
        ProfileFormat, typer.Option("--format", help="For people or for programs.")
    ] = ProfileFormat.text,
) -> None:
    """Show one client's profile: as served now, or as it was known --as-of a date."""
    from customer360_assets.cli.profile import profile_command

    raise typer.Exit(profile_command(home, client_id, as_of and as_of.date(), output))


@app.command(epilog="Example: customer360 branch 315 --home .customer360")
def branch(
    branch_id: Annotated[int, typer.Argument(help="The branch's id.")], home: Home = None
) -> None:
    """List the clients of a branch, as served now."""
    from customer360_assets.cli.profile import branch_command

    raise typer.Exit(branch_command(home, branch_id))


@app.command(epilog="Example: customer360 history profile.customer_360")
def history(
    table: Annotated[str, typer.Argument(help="A table of the lake, such as stage.card.")],
    home: Home = None,
) -> None:
    """List a table's snapshots: when, by which run, and how many rows came and went."""
    from customer360_assets.cli.rollback import history_command

    raise typer.Exit(history_command(home, table))


@app.command(epilog="Example: customer360 rollback profile.customer_360 --to 4823411976345")
def rollback(
    table: Annotated[
        str | None, typer.Argument(help="One table, with --to.", show_default=False)
    ] = None,
    to: Annotated[
        int | None, typer.Option(help="Snapshot to go back to: see customer360 history.")
    ] = None,
    run: Annotated[
        str | None, typer.Option(help="Undo what this Dagster run published, in every table.")
    ] = None,
    home: Home = None,
) -> None:
    """Roll back one table, or all that a run published, to an earlier snapshot.

    What was undone is held: nothing makes the same again until customer360 hold lift.
    """
    from customer360_assets.cli.rollback import rollback_command

    raise typer.Exit(rollback_command(home, table, to, run))


@app.command(epilog="Example: customer360 demo --customers 500 --days 60")
def demo(
    customers: Annotated[int, typer.Option(min=10, help="Customers of the bank.")] = 2_000,
    days: Annotated[int, typer.Option(min=10, help="Days of history.")] = 120,
    seed: Annotated[int, typer.Option(help="Same seed, same bank.")] = 7,
    home: Home = None,
) -> None:
    """Simulate a bank, extract from its systems, build every profile and show one.

    The bank has a CRM over HTTP, core banking in PostgreSQL, and files with every kind of defect.
    """
    from customer360_assets.cli.demo import demo_command

    with stoppable(GOES_ON):
        raise typer.Exit(demo_command(home, customers, days, seed))


@app.command("first-load", epilog="Example: customer360 first-load --business-date 2024-05-23")
def first_load(
    business_date: Annotated[
        dt.datetime, typer.Option(formats=["%Y-%m-%d"], help="Serve the profiles of this date.")
    ],
    home: Home = None,
) -> None:
    """Create the profile table of a new environment on AWS from files: for millions of clients.

    Before the table's stack is deployed, which then takes it over. Later loads are the asset's.
    """
    from customer360_assets.cli.first_load import first_load_command

    with stoppable("Run it again to load all profiles."):
        raise typer.Exit(first_load_command(home, business_date.date()))


@app.command(epilog="Example: customer360 describe dimension.product_holding")
def describe(
    table: Annotated[str, typer.Argument(help="A table, such as profile.customer_360.")],
) -> None:
    """Describe a table: its grain, and each column's meaning and personal-data class."""
    from customer360_assets.cli.describe import describe_command

    raise typer.Exit(describe_command(table))


@app.command(epilog="Example: customer360 ui --home .customer360 --port 3000")
def ui(
    home: Home = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on this machine.")] = 3000,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
) -> None:
    """Open Dagster's UI on a home: assets, runs, checks, lineage. Stop it with Ctrl-C."""
    from customer360_assets.cli.ui import ui_command

    raise typer.Exit(ui_command(home, host, port))


app.command(epilog="Example: customer360 automation on --home .customer360")(automation)
app.command(epilog="Example: customer360 backup --to /backup/2024-05-23")(backup)
app.command(epilog="Example: customer360 restore --home .customer360")(restore)
app.command(epilog="Example: customer360 upgrade --home .customer360")(upgrade)
app.command(epilog="Example: customer360 hold lift --date 2024-05-23")(hold)


if __name__ == "__main__":
    app()
