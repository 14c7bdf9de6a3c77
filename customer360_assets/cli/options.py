"""Options that several commands share."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

HOME_KEY = "customer360.home"


def _noted(ctx: typer.Context, value: Path | None) -> Path | None:
    """Remember the home: a failed command writes its traceback there."""
    ctx.meta[HOME_KEY] = value
    return value


Home = Annotated[
    Path | None,
    typer.Option(
        file_okay=False,
        callback=_noted,
        help="Folder that holds everything built. Default: $CUSTOMER360_HOME or ~/.customer360.",
    ),
]
AsOf = Annotated[
    dt.datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="Show what was known by this business date."),
]


class OutputFormat(StrEnum):
    """How rows are printed."""

    table = "table"
    csv = "csv"
    json = "json"


class ProfileFormat(StrEnum):
    """How a profile is printed."""

    text = "text"
    json = "json"
