"""`customer360 upgrade`: a home of an earlier release becomes one of this release."""

from __future__ import annotations

import typer

from customer360_assets.cli.options import Home

ON_AWS = (
    "Nothing to upgrade: an environment on AWS follows its release. Deploy the stacks of this"
    " release, and run dagster instance migrate where Dagster's storage is your own."
)


def upgrade(home: Home = None) -> None:
    """Migrate a home that an earlier release has made, moved or not, to the layout of this one.

    End what runs in the home and copy it with customer360 backup first. If it is killed, repeat it.
    """
    from customer360_assets.runs.upgrade import upgrade_home
    from resources.deployment.deployment import environment, home_folder, refuse_no_home
    from resources.deployment.whereabouts import LAYOUT

    if environment() is not None:
        typer.echo(ON_AWS)
        return
    folder = home_folder(home)
    refuse_no_home(folder)
    lines = 0
    for line in upgrade_home(folder):
        lines += 1
        typer.echo(line)
    if not lines:
        typer.echo(f"{folder} has the layout of this release ({LAYOUT}): nothing to upgrade.")
        return
    typer.echo(
        f"{folder} has layout {LAYOUT} now. Next: customer360 run --home {folder} --business-date"
        " DATE, which makes again what this release makes differently."
    )
