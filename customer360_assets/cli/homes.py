"""`customer360 backup` and `customer360 restore`: a home copied, and a copy made a home."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from customer360_assets.cli.options import Home


def backup(
    to: Annotated[Path, typer.Option(help="New folder that becomes the copy.")], home: Home = None
) -> None:
    """Copy a home into a new folder while runs go on, and look whether the copy is whole.

    The copy has the card key: keep it as the home is kept. customer360 restore makes it a home.
    """
    from customer360_assets.runs.backup import back_up
    from resources.deployment.deployment import DeploymentError, deployment_of_home

    source, target = deployment_of_home(home, older=True), to.expanduser().resolve()
    if source.aws is not None:
        raise DeploymentError("On AWS the data lies in S3 and DynamoDB: back it up there.")
    back_up(source, target)
    typer.echo(f"{source.home} is copied to {target}, and the copy is complete.")


def restore(home: Home = None) -> None:
    """Make a copied or moved home usable where it is now; the original is left alone."""
    from customer360_assets.runs.backup import restore as restore_home
    from resources.deployment.deployment import home_folder, refuse_no_home

    folder = home_folder(home)
    refuse_no_home(folder)
    made = restore_home(folder)
    if made is None:
        typer.echo(f"{folder} is where it was made: there is nothing to restore.")
    else:
        typer.echo(f"{folder} is a home of its own now; its tables no longer name {made}.")
