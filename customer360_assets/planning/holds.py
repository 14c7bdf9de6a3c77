"""Holds: what was rolled back stays so, until it is released or something else would be made.

A hold is part of the record: the newest materialization of a partition names the version that was
undone. It is in force while that version is what would be made again. Another delivery, another
input or other code would make something else, and a run by hand makes what it is asked for: both
end the hold.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import dagster as dg

from customer360_assets.planning.versions import (
    METADATA_KEY,
    Versions,
    newest_materializations,
    versions_in,
)
from customer360_assets.tables.specs import asset_key

HELD_KEY = "held"
RELEASE = "customer360 hold lift"


class Hold(NamedTuple):
    """The version that a held partition has, and the one that was undone."""

    version: str
    undone: str


Holds = Mapping[str, Mapping[dt.date, Hold]]


def hold_of(event: dg.AssetMaterialization) -> Hold | None:
    """Return the hold that a materialization states."""
    if HELD_KEY not in event.metadata or METADATA_KEY not in event.metadata:
        return None
    return Hold(*(str(event.metadata[key].value) for key in (METADATA_KEY, HELD_KEY)))


def recorded_holds(
    instance: dg.DagsterInstance, tables: Iterable[str]
) -> dict[str, dict[dt.date, Hold]]:
    """Return what is held of the tables, by table and date; tables without a hold are left out."""
    found: dict[str, dict[dt.date, Hold]] = defaultdict(dict)
    for table in tables:
        for date, event in newest_materializations(instance, table).items():
            if hold := hold_of(event):
                found[table][date] = hold
    return dict(found)


def undone_versions(instance: dg.DagsterInstance, table: str) -> dict[dt.date, str]:
    """Return what would be made again: the recorded version, or that of an earlier rollback."""
    events = newest_materializations(instance, table)
    holds = {d: hold.undone for d, event in events.items() if (hold := hold_of(event))}
    return {**versions_in(events), **holds}


def record_rollback(
    instance: dg.DagsterInstance,
    table: str,
    date: dt.date,
    version: str,
    to: str,
    undone: str | None = None,
) -> None:
    """Record that a partition is as it was, and held at that if `undone` would be made again."""
    hold_metadata = {HELD_KEY: undone} if undone and undone != version else {}
    until = f", and held: nothing makes the same again until {RELEASE}" if hold_metadata else ""
    instance.report_runless_asset_event(
        dg.AssetMaterialization(
            asset_key(table),
            partition=date.isoformat(),
            description=f"Rolled back to {to}{until}.",
            metadata={METADATA_KEY: version, "rolled_back_to": to, **hold_metadata},
        )
    )


def in_force(expected: Mapping[str, Versions], holds: Holds) -> dict[str, dict[dt.date, str]]:
    """Return the versions of held partitions of which the undone version would be made again.

    expected: the versions of all partitions if nothing were held. The as-of tables of a date are
    released together: a profile is not made of some dimensions that are held and some that are not.
    """
    ended = {
        (table, date)
        for table, of_table in holds.items()
        for date, hold in of_table.items()
        if expected.get(table, {}).get(date) != hold.undone
    }
    dates = {date for table, date in ended if _is_as_of(table)}
    found = {
        table: {
            date: hold.version
            for date, hold in of_table.items()
            if (table, date) not in ended and not (_is_as_of(table) and date in dates)
        }
        for table, of_table in holds.items()
    }
    return {table: of_table for table, of_table in found.items() if of_table}


def _is_as_of(table: str) -> bool:
    return not table.startswith(("raw.", "stage."))


def lift(instance: dg.DagsterInstance, holds: Holds) -> None:
    """Release held partitions: they are as they were, and outstanding."""
    for table, of_table in holds.items():
        for date, hold in of_table.items():
            instance.report_runless_asset_event(
                dg.AssetMaterialization(
                    asset_key(table),
                    partition=date.isoformat(),
                    description="The hold of the rollback was lifted: it is outstanding.",
                    metadata={METADATA_KEY: hold.version},
                )
            )


def sentence(held_by_table: Mapping[str, Iterable[dt.date]]) -> str:
    """Return what is held, in one line for an operator."""
    by_date: dict[dt.date, list[str]] = defaultdict(list)
    for table, dates in sorted(held_by_table.items()):
        for date in dates:
            by_date[date].append(table)
    named = "; ".join(f"{date}: {', '.join(by_date[date])}" for date in sorted(by_date))
    return f"Held since a rollback, and not made again until {RELEASE}: {named}."
