"""`customer360 sql`: read-only queries over the lake, in the Athena dialect."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from customer360_assets.cli.options import OutputFormat


def sql_command(
    home: Path | None,
    query: str,
    as_of: dt.date | None,
    output: OutputFormat,
    *,
    limit: int | None = None,
    all_dates: bool = False,
) -> int:
    """Print the rows of a query; ExplainedError with the reason when it fails."""
    from customer360_assets.cli.lake import Readable
    from customer360_assets.cli.printing import print_rows
    from resources.deployment.deployment import deployment_of_home
    from resources.dialect.athena_sql import tables

    target = deployment_of_home(home)
    named = tables(query)
    readable = Readable.of(target)
    inputs = readable.inputs(named, as_of or dt.date.max, all_dates)
    found = readable.sql.session(inputs).query(limited(query, limit))
    print_rows(found if limit is None else found.slice(0, limit), output)
    return 0


def limited(query: str, limit: int | None) -> str:
    """Return the query with a limit behind it, unless it has one of its own."""
    from resources.dialect.tree import NotAthenaSqlError, parse

    if limit is None or any(parse(query).args.get(key) for key in ("limit", "fetch")):
        return query
    shorter = f"{query.rstrip().rstrip(';')}\nLIMIT {limit}"
    try:
        parse(shorter)
    except NotAthenaSqlError:
        # A semicolon before a comment: the rows are cut after the query.
        return query
    return shorter
