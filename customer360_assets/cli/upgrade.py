"""`customer360 upgrade`: a home of an earlier release becomes one of this release."""

from __future__ import annotations

from collections.abc import Iterator

import typer

from customer360_assets.cli.options import Home

ON_AWS = (
    "{environment} has layout {layout} now. Next: run dagster instance migrate where Dagster's"
    " storage is your own, and start the code location of this release."
)


def upgrade(home: Home = None) -> None:
    """Migrate a home that an earlier release has made, moved or not, to the layout of this one.

    End what runs in the home and copy it with customer360 backup first. If it is killed, repeat it.
    With CUSTOMER360_DEPLOYMENT it migrates that environment on AWS, after its stacks are deployed.
    """
    from customer360_assets.runs.upgrade import upgrade_home
    from resources.deployment.deployment import environment, home_folder, refuse_no_home
    from resources.deployment.whereabouts import LAYOUT

    if (names := environment()) is not None:
        from customer360_assets.runs.upgrade_aws import upgrade_environment

        if _steps(upgrade_environment(names), f"The environment {names.base}"):
            typer.echo(ON_AWS.format(environment=f"The environment {names.base}", layout=LAYOUT))
        return
    folder = home_folder(home)
    refuse_no_home(folder)
    if not _steps(upgrade_home(folder), f"{folder}"):
        return
    typer.echo(
        f"{folder} has layout {LAYOUT} now. Next: customer360 run --home {folder} --business-date"
        " DATE, which makes again what this release makes differently."
    )


def _steps(steps: Iterator[str], target: str) -> bool:
    """Print what each step has done; return False if there was nothing to upgrade."""
    from resources.deployment.whereabouts import LAYOUT

    lines = 0
    for line in steps:
        lines += 1
        typer.echo(line)
    if not lines:
        typer.echo(f"{target} has the layout of this release ({LAYOUT}): nothing to upgrade.")
    return bool(lines)
