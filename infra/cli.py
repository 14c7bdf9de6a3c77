"""The commands of `python -m infra`; each takes the address of an environment (aws://…)."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from infra.stacks import TEMPLATES
from resources.account.aws_names import AwsNames

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
Address = Annotated[str, typer.Argument(help="aws://<account>/<region>/<environment>[?prefix=…]")]


@app.command()
def template(
    address: Address,
    stack: Annotated[str, typer.Argument(help="foundation, profiles or platform")] = "platform",
) -> None:
    """Print the CloudFormation template of a stack."""
    if stack not in TEMPLATES:
        raise typer.BadParameter(f"the stacks are {', '.join(TEMPLATES)}")
    made = TEMPLATES[stack](_names(address), None)
    typer.echo(json.dumps(made, indent=2, sort_keys=True))


@app.command()
def deploy(
    address: Address,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="a parameter of the platform, as SubnetId=subnet-0abc"),
    ] = None,
    without: Annotated[list[str] | None, typer.Option(help="a stack to leave out")] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Make the changes, not only show them.")
    ] = False,
) -> None:
    """Show what would change in the account, and change it with --yes."""
    from infra.deploy import deploy_stack

    names = _names(address)
    parameters = dict(pair.split("=", 1) for pair in set_ or [])
    chosen = {s: made for s, made in TEMPLATES.items() if s not in (without or [])}
    for stack, made in chosen.items():
        given = parameters if stack == "platform" else {}
        for line in deploy_stack(names, stack, made(names, None), given, do=yes):
            typer.echo(f"{stack}: {line}")


@app.command()
def variables(address: Address) -> None:
    """Print the environment variables of a worker, and the role that it runs as."""
    names = _names(address)
    typer.echo(f"CUSTOMER360_DEPLOYMENT={address}")
    typer.echo(f"CUSTOMER360_LOGS_BUCKET={names.bucket('analytics')}")
    typer.echo(f"task role: {names.role_arn('code_location')}")


@app.command()
def classify(address: Address) -> None:
    """Tag the columns of the environment's tables with the contracts' personal-data classes."""
    from infra.classify import classify as classify_

    done = classify_(_names(address))
    typer.echo(f"{done.columns} columns of {done.tables} tables classified")
    if done.missing:
        typer.echo(f"not there yet: {', '.join(done.missing)}")


def _names(address: str) -> AwsNames:
    try:
        return AwsNames.parse(address)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
