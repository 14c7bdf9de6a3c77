"""`customer360 automation`: the one switch for all sensors, and what it stands at."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from customer360_assets.cli.options import Home
from resources.deployment.deployment import Deployment, DeploymentError, deployment

if TYPE_CHECKING:
    import dagster as dg


class Action(StrEnum):
    """What to do with the switch."""

    ON = "on"
    OFF = "off"
    STATUS = "status"


def automation(
    action: Annotated[Action, typer.Argument(help="Switch on, switch off, or show the status.")],
    home: Home = None,
) -> None:
    """Switch automation on or off: sensors of files, automation condition, alerts.

    They work while customer360 ui runs, or on AWS the environment's daemon. Runs in progress go on.
    """
    raise typer.Exit(automation_command(home, action))


def automation_command(home: Path | None, action: Action) -> int:
    """Switch all sensors of a home or an environment on or off, and print what is on."""
    from customer360_assets.automation.switch import switch, switches
    from customer360_assets.feeds.loader import FeedError
    from customer360_assets.runs.instance import instance_of, is_of_home

    target = deployment(home)
    with instance_of(target) as instance:
        if target.aws is not None and is_of_home(instance, target):
            raise DeploymentError(
                "No daemon on AWS reads the record of this home: set DAGSTER_HOME to the "
                "folder whose dagster.yaml names the database that webserver and daemon use."
            )
        try:
            found = switches(instance, target)
        except FeedError as error:
            raise DeploymentError(str(error)) from None
        if action is not Action.STATUS:
            found = switch(instance, target, action is Action.ON)
    for name, on in found.sensors.items():
        typer.echo(f"{'on ' if on else 'off'}  {name}")
    typer.echo(str(found))
    return 0


def automation_remark(instance: dg.DagsterInstance, target: Deployment) -> str | None:
    """Return that automation is off, wholly or in part; None when it is on, or not of this record.

    A home on AWS that has a record of its own is worked on by no daemon.
    """
    from customer360_assets.automation.switch import switches
    from customer360_assets.feeds.loader import FeedError
    from customer360_assets.runs.instance import is_of_home

    if target.aws is not None and is_of_home(instance, target):
        return None
    try:
        found = switches(instance, target)
    except FeedError:
        # The code location names the reason.
        return None
    return str(found) if found.off else None
