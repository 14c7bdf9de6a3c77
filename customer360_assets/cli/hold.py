"""`customer360 hold`: what a rollback holds, and releasing it."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from customer360_assets.cli.options import Home
from resources.deployment.deployment import DeploymentError, deployment


class HoldAction(StrEnum):
    """What to do with holds."""

    LIST = "list"
    LIFT = "lift"


def hold(
    action: Annotated[HoldAction, typer.Argument(help="Look, or release.")],
    table: Annotated[
        str | None, typer.Argument(help="Only of this table.", show_default=False)
    ] = None,
    date: Annotated[
        dt.datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Only of this business date."),
    ] = None,
    home: Home = None,
) -> None:
    """List or release what was rolled back and is therefore not made again by itself."""
    raise typer.Exit(hold_command(home, action, table, date and date.date()))


def hold_command(
    home: Path | None, action: HoldAction, table: str | None, date: dt.date | None
) -> int:
    """List or lift the holds of a home, or those of one table or date."""
    from customer360_assets.planning.holds import lift, recorded_holds
    from customer360_assets.planning.outlook import automated_tables
    from customer360_assets.runs.instance import instance_of

    tables = automated_tables()
    if table is not None and table not in tables:
        raise DeploymentError(
            f"No table {table} is made by runs: customer360 hold list names them."
        )
    with instance_of(deployment(home)) as instance:
        found = recorded_holds(instance, [table] if table else tables)
        chosen = {
            name: {d: hold for d, hold in of_table.items() if date in (None, d)}
            for name, of_table in found.items()
        }
        if action is HoldAction.LIFT:
            lift(instance, chosen)
    lines = [f"{name} {d}" for name, of_table in chosen.items() for d in sorted(of_table)]
    for line in lines:
        typer.echo(line)
    if not lines:
        typer.echo("Nothing is held.")
    elif action is HoldAction.LIFT:
        typer.echo(
            f"{len(lines)} holds are lifted: the next customer360 run makes them again, and so does"
            " automation where it is on."
        )
    return 0
