"""`customer360 describe`: a table's contract, as a person reads it."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from resources.protocols.errors import ExplainedError


class NoContractError(ExplainedError):
    """There is no table of this name."""


def describe_command(table: str) -> int:
    """Print a contract; NoContractError with the nearest name for a table that there is not."""
    from customer360_assets.cli.lake import nearest
    from customer360_assets.contracts import SCHEMAS, contracts

    console = Console(highlight=False)
    known = {c.table: c for schema in SCHEMAS for c in contracts(schema)}
    if table not in known:
        near = nearest(table, known)
        hint = f"Did you mean {near}?" if near else f"There are {', '.join(known)}."
        raise NoContractError(f"There is no table {table}. {hint}")
    found = known[table]
    console.print(f"{found.table}: {found.description}", markup=False)
    console.print(f"One row per {', '.join(found.key)}. Owner: {found.owner}.\n")
    shown = Table(box=None, pad_edge=False)
    for name in ("column", "type", "null", "personal data", "meaning"):
        shown.add_column(name, overflow="fold")
    for column in found.columns:
        null = "yes" if column.nullable else ""
        shown.add_row(column.name, column.type, null, column.pii, column.description)
    console.print(shown)
    return 0
