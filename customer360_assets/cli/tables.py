"""`customer360 tables`: what there is to query."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resources.protocols.lake import Lake

NAMES = ("table", "rows", "dates", "first", "last", "description")


def tables_command(home: Path | None) -> int:
    """Print each table's rows, business dates and meaning."""
    from customer360_assets.cli.lake import Readable
    from customer360_assets.cli.printing import table_lines
    from resources.deployment.deployment import deployment_of_home

    lake = Readable.of(deployment_of_home(home)).lake
    rows = [_row(lake, table) for table in lake.tables()]
    sys.stdout.writelines(f"{line}\n" for line in table_lines(NAMES, rows, None))
    return 0


def _row(lake: Lake, table: str) -> tuple[object, ...]:
    info = lake.info(table)
    dates = list(lake.dates(table)) if info.dated else []
    sentence = info.description.partition(". ")[0]
    span = (len(dates), dates[0], dates[-1]) if dates else ("", "", "")
    return (table, info.rows, *span, sentence)
