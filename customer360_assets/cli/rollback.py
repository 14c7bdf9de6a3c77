"""`customer360 history` and `customer360 rollback`: a table's snapshots, and undoing one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from resources.deployment.deployment import deployment_of_home

if TYPE_CHECKING:
    from customer360_assets.runs.rollback import Undone


def history_command(home: Path | None, table: str) -> int:
    """Print a table's snapshots, newest last; ExplainedError when there is no such table."""
    from resources.wiring.deployed import services_of

    console = Console(highlight=False)
    # Ids are to be copied: a narrow terminal wraps a line rather than cutting it.
    console.width = max(console.width, _WIDE)
    snapshots = services_of(deployment_of_home(home))["lake"].history(table)
    shown = Table(box=None, pad_edge=False)
    for column in ("snapshot", "published (UTC)", "run", "rows", "added", "removed", ""):
        shown.add_column(column, justify="right" if column in _NUMBERS else "left", no_wrap=True)
    for s in snapshots:
        when = dt.datetime.fromtimestamp(s.committed_ms / 1000, dt.UTC)
        shown.add_row(
            str(s.snapshot_id),
            f"{when:%Y-%m-%d %H:%M:%S}",
            s.run_id or "",
            *(f"{n:,}" for n in (s.rows, s.added, s.removed)),
            "current" if s.current else "",
        )
    console.print(shown)
    return 0


_NUMBERS = {"rows", "added", "removed"}
_WIDE = 132


def rollback_command(
    home: Path | None, table: str | None, snapshot: int | None, run_id: str | None
) -> int:
    """Undo a run's publications, or put one table back; 1 when the store was not loaded.

    Raises ExplainedError with the reason when nothing can be undone.
    """
    from customer360_assets.planning.versions import PROFILE
    from customer360_assets.runs.instance import close_abandoned_runs, instance_of, is_of_home
    from customer360_assets.runs.rollback import NotServedError, undo_run, undo_to
    from resources.wiring.deployed import services_of

    console = Console(highlight=False)
    if (run_id is None) == (table is None or snapshot is None):
        console.print("[red]Give --run RUN, or a table and --to SNAPSHOT.[/red]")
        return 2
    try:
        target = deployment_of_home(home)
        services = services_of(target)
        lake, store = services["lake"], services["store"]
        with instance_of(target) as instance:
            if is_of_home(instance, target):
                close_abandoned_runs(instance)
            if run_id is not None:
                done = undo_run(instance, lake, store, run_id)
            else:
                done = undo_to(instance, lake, store, str(table), int(snapshot or 0))
    except NotServedError as error:
        _print_undone(console, error.undone)
        console.print(
            "[red]The profile store could not be loaded and still serves what was undone:[/red] "
            f"{escape(str(error))}. When it can be loaded, run the same command again."
        )
        return 1
    _print_undone(console, done.undone)
    if done.served is not None:
        store_too = f", the profile store included, as of {done.served}"
    elif any(one.table == PROFILE for one in done.undone):
        store_too = f"; the profile store was left as it is: {PROFILE} has nothing to load it with"
    else:
        store_too = ""
    console.print(
        f"Readers see this from now on{store_too}. What was undone is held: neither automation nor "
        "customer360 run makes the same again. Another delivery, other code, or "
        "customer360 hold lift releases it; customer360 hold list shows it."
    )
    return 0


def _print_undone(console: Console, undone: Sequence[Undone]) -> None:
    for one in undone:
        dates = f", {len(one.dates)} business dates as before" if one.dates else ""
        console.print(
            f"{one.table}: {one.was.rows:,} rows of run {one.was.run_id} -> "
            f"{one.now.rows:,} rows of run {one.now.run_id}{dates}"
        )
