"""`customer360 sql`: read-only queries over the lake, in the Athena dialect."""

from __future__ import annotations

import csv
import datetime as dt
import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from customer360_assets.cli.options import OutputFormat
from customer360_assets.deployment import deployment


def sql_command(home: Path | None, query: str, as_of: dt.date | None, output: OutputFormat) -> int:
    """Print the rows of a query; 1 with the engine's reason when it fails."""
    from customer360_assets.contracts import SCHEMAS, contracts
    from customer360_assets.platform import Platform
    from customer360_assets.reading import as_of_files
    from customer360_assets.tables import readable
    from resources.deployed import services_of
    from resources.sql_engine import SqlError

    platform = Platform(**services_of(deployment(home)))
    date = as_of or dt.date.max
    existing = set(platform.lake.tables())
    inputs = {
        c.table: readable(platform, c.table, as_of_files(platform, c, date))
        for schema in SCHEMAS
        for c in contracts(schema)
        if c.table in existing
    }
    try:
        found = platform.sql.session(inputs).query(query)
    except SqlError as error:
        Console(stderr=True).print(f"[red]{error}[/red]", highlight=False)
        return 1
    _print(found.column_names, found.to_pylist(), output)
    return 0


def _print(columns: list[str], rows: list[dict[str, Any]], output: OutputFormat) -> None:
    if output is OutputFormat.json:
        json.dump(rows, sys.stdout, default=str, indent=2)
        sys.stdout.write("\n")
    elif output is OutputFormat.csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([["" if v is None else v for v in row.values()] for row in rows])
    else:
        table = Table(box=None, pad_edge=False)
        for column in columns:
            table.add_column(column)
        for row in rows:
            table.add_row(*("" if v is None else str(v) for v in row.values()))
        Console(highlight=False).print(table)
