"""`customer360 describe`: a table's contract, as a person reads it."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table


def describe_command(table: str) -> int:
    """Print a contract; 1 for a table that there is not."""
    from customer360_assets.contracts import contract

    console = Console(highlight=False)
    try:
        found = contract(table)
    except KeyError as error:
        Console(stderr=True).print(str(error.args[0]), markup=False)
        return 1
    console.print(f"{found.table}: {found.description}", markup=False)
    console.print(f"One row per {', '.join(found.key)}. Answers for it: {found.owner}.\n")
    shown = Table(box=None, pad_edge=False)
    for name in ("column", "type", "null", "personal data", "meaning"):
        shown.add_column(name, overflow="fold")
    for column in found.columns:
        null = "yes" if column.nullable else ""
        shown.add_row(column.name, column.type, null, column.pii, column.description)
    console.print(shown)
    return 0
