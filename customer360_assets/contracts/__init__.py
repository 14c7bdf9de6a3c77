"""One contract per table, found by its name: contracts/<schema>/<table>.py holds CONTRACT."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from customer360_assets.contracts.contract import Contract

SCHEMAS = ("raw", "stage", "dimension", "profile", "quarantine")


@cache
def contracts(schema: str) -> tuple[Contract, ...]:
    """Return every contract of a schema, by table name."""
    package = importlib.import_module(f"{__name__}.{schema}")
    if schema == "quarantine":
        found: tuple[Contract, ...] = package.contracts()
        return found
    names = sorted(m.name for m in pkgutil.iter_modules(package.__path__))
    return tuple(
        importlib.import_module(f"{package.__name__}.{name}").CONTRACT
        for name in names
        if not name.startswith("_")
    )


@cache
def contract(table: str) -> Contract:
    """Return the contract of "schema.table"; KeyError names the existing tables."""
    schema = table.split(".", maxsplit=1)[0]
    known = {c.table: c for c in contracts(schema)} if schema in SCHEMAS else {}
    if table not in known:
        raise KeyError(f"no contract for {table!r}; {schema} has {sorted(known)}")
    return known[table]
