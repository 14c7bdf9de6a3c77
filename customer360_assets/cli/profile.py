"""`customer360 profile` and `customer360 branch`."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from customer360_assets.cli.options import ProfileFormat
from resources.deployment.deployment import deployment_of_home

PROFILE = "profile.customer_360"


def profile_command(
    home: Path | None, client_id: int, as_of: dt.date | None, output: ProfileFormat
) -> int:
    """Print one client's profile; 1 when there is none."""
    console = Console(highlight=False)
    item = _served(home, client_id) if as_of is None else _known_by(home, client_id, as_of)
    if item is None:
        when = f" by {as_of}" if as_of else ""
        Console(stderr=True).print(f"No profile of client {client_id}{when} in this home.")
        return 1
    if output is ProfileFormat.json:
        print(json.dumps(item, default=_plain, indent=2))  # noqa: T201 (the command's output)
        return 0
    for title, rows in _sections(item):
        table = Table(
            title=title, title_justify="left", box=None, show_header=False, pad_edge=False
        )
        for name, value in rows:
            table.add_row(name, _plain_text(value))
        console.print(table)
        console.print()
    return 0


def branch_command(home: Path | None, branch_id: int) -> int:
    """Print the clients of a branch; 1 when there is none."""
    from resources.wiring.deployed import services_of

    clients = services_of(deployment_of_home(home))["store"].by_branch(branch_id)
    if not clients:
        Console(stderr=True).print(f"No client of branch {branch_id} in this home.")
        return 1
    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False)
    shown = ["client_id", "product_accounts", "product_cards", "web_sessions"]
    for name in shown:
        table.add_column(name, justify="right")
    for client in clients:
        table.add_row(*(_plain_text(client.get(name)) for name in shown))
    console.print(table)
    return 0


def _served(home: Path | None, client_id: int) -> dict[str, Any] | None:
    from resources.wiring.deployed import services_of

    item: dict[str, Any] | None = services_of(deployment_of_home(home))["store"].get(client_id)
    return item


def _known_by(home: Path | None, client_id: int, as_of: dt.date) -> dict[str, Any] | None:
    from resources.protocols.lake import MissingTableError
    from resources.wiring.deployed import services_of

    services = services_of(deployment_of_home(home))
    try:
        newest = services["lake"].newest(PROFILE, as_of)
    except MissingTableError:
        return None
    if newest is None:
        return None
    files = services["lake"].files(PROFILE, first=newest, last=newest)
    found = services["sql"].query(
        f"SELECT * FROM {PROFILE} WHERE client_id = ?", params=[client_id], inputs={PROFILE: files}
    )
    rows = found.to_pylist()
    return {k: v for k, v in rows[0].items() if v is not None} if rows else None


def _sections(item: dict[str, Any]) -> list[tuple[str, list[tuple[str, Any]]]]:
    """Return the profile by dimension: each column under the dimension of its prefix."""
    from customer360_assets.contracts import contract, contracts

    prefixes = [(c.name, str(c.prefix)) for c in contracts("dimension")]
    columns = [c.name for c in contract(PROFILE).columns]
    sections: dict[str, list[tuple[str, Any]]] = {"client": []}
    for column in columns:
        owner = next((name for name, prefix in prefixes if column.startswith(prefix)), None)
        title = owner or ("deliveries" if column.startswith("delivered_") else "client")
        if column in item:
            sections.setdefault(title, []).append((column, item[column]))
    return [
        (title.replace("_", " ").capitalize(), rows) for title, rows in sections.items() if rows
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    raise TypeError(f"no JSON for {type(value).__name__}")


def _plain_text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, Decimal):
        return f"{value:,f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value}"
    return str(value)
