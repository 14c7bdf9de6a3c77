"""What is outstanding at one moment, and what holds it: the tables of one tick."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from customer360_assets.contracts import contract as contract_of
from customer360_assets.contracts import contracts
from customer360_assets.planning.holds import Hold
from customer360_assets.planning.materializations import Partitions
from customer360_assets.planning.outstanding import (
    SERVING,
    Expected,
    effective_versions,
    expected_versions,
)
from customer360_assets.planning.versions import (
    NOTHING,
    PROFILE,
    Versions,
    dates_read,
    in_force,
    window_start,
)
from customer360_assets.tables.transformations import transformation

LOOK_BACK = 31
"""Days before the newest delivery in which a date that was never published is made unasked."""
CUSTOMERS = "stage.customer"
Input = tuple[str, dt.date]


def as_of_tables() -> list[str]:
    """Return the as-of tables, dimensions first."""
    return [c.table for c in (*contracts("dimension"), *contracts("profile"))]


def automated_tables() -> list[str]:
    """Return every table whose partitions are requested automatically."""
    raw = [c.table for c in contracts("raw") if c.feed]
    return [*raw, *(c.table for c in contracts("stage")), *as_of_tables(), SERVING]


def reads_of(table: str) -> tuple[str, ...]:
    """Return the automated tables that a table is made from."""
    if table == SERVING:
        return (PROFILE,)
    return () if table.startswith("raw.") else transformation(table).reads


@dataclass(frozen=True)
class Outlook:
    """Deliveries as they should be (by feed) beside the record of what was made (by table).

    undated: feeds whose files state no date and have that of the day they came: they ask for no
    date of their own.
    """

    raw: Mapping[str, Versions]
    made: Mapping[str, Partitions]
    today: dt.date
    undated: frozenset[str] = frozenset()

    @cached_property
    def published(self) -> set[dt.date]:
        """Dates of which an as-of table was ever made."""
        return {date for table in as_of_tables() for date in self.made[table]}

    @cached_property
    def delivered(self) -> set[dt.date]:
        """Dates for which a feed that states them has a delivery in force, up to today."""
        dated = [versions for feed, versions in self.raw.items() if feed not in self.undated]
        dates = {d for versions in dated for d in in_force(versions)}
        return {d for d in dates if d <= self.today}

    @cached_property
    def wanted(self) -> set[dt.date]:
        """Dates of the as-of tables: published ones, and those that deliveries now ask for.

        On a home without a published date the newest delivery alone: a history is a backfill, and
        asked for. Afterwards every delivered date since the first published one, if it is recent.
        """
        if not self.delivered:
            return self.published
        newest = max(self.delivered)
        since = max(min(self.published, default=newest), newest - dt.timedelta(days=LOOK_BACK))
        return self.published | {d for d in self.delivered if d >= since} | {newest}

    @cached_property
    def expected(self) -> Expected:
        """The version that each partition should have."""
        recorded = {
            table: {date: partition.version for date, partition in self.made[table].items()}
            for table in (f"raw.{feed}" for feed in self.raw)
        }
        return expected_versions(effective_versions(self.raw, recorded), self.wanted, self.holds)

    @cached_property
    def holds(self) -> dict[str, dict[dt.date, Hold]]:
        """Return what was rolled back, by table and date."""
        return {
            table: {date: m.hold for date, m in partitions.items() if m.hold}
            for table, partitions in self.made.items()
        }

    def held_dates(self, table: str) -> list[dt.date]:
        """Return the dates of a table that are as they should be only because they are held."""
        expected = self.expected[table]
        return [d for d, h in self.holds.get(table, {}).items() if expected.get(d) == h.version]

    @cached_property
    def due(self) -> dict[str, dict[dt.date, str]]:
        """Per table the dates that are not as they should be, with the version to come."""
        due = {table: dict(self._differing(table)) for table in automated_tables()}
        clients_since = min(in_force(self.expected[CUSTOMERS]), default=dt.date.max)
        for table in (*as_of_tables(), SERVING):
            due[table] = {d: v for d, v in due[table].items() if d >= clients_since}
        # The newest that is made: a first file of the next day takes no profile from the readers.
        made = (d for d, m in self.made[PROFILE].items() if m.version != NOTHING)
        newest = max(made, default=dt.date.min)
        due[SERVING] = {d: v for d, v in due[SERVING].items() if d >= newest}
        return due

    def _differing(self, table: str) -> Iterable[tuple[dt.date, str]]:
        recorded = self.made[table]
        for date, version in self.expected[table].items():
            now = recorded[date].version if date in recorded else NOTHING
            if now != version and date <= self.today:
                yield date, version

    def inputs(self, table: str, date: dt.date, upstream: str) -> list[dt.date]:
        """Return the dates of an upstream table that a date reads, made or not."""
        known = in_force(self.expected.get(upstream, {}))
        if table.startswith("stage.") or upstream.startswith(("dimension.", "profile.")):
            return [date] if date in known else []
        return dates_read(contract_of(upstream), known, date, contract_of(table).window_months)

    def waits_for(self, table: str, date: dt.date, upstream: str) -> list[dt.date]:
        """Return the dates of an upstream table that are outstanding and that a date reads."""
        late = self.due.get(upstream, {})
        if table.startswith("stage.") or upstream.startswith(("dimension.", "profile.")):
            return [date] if date in late else []
        first = self._first_read(table, date, upstream)
        return sorted(d for d in late if first <= d <= date)

    def _first_read(self, table: str, date: dt.date, upstream: str) -> dt.date:
        if contract_of(upstream).reads == "snapshot":
            # An older snapshot that a newer one hides holds nothing.
            return max(self.inputs(table, date, upstream), default=dt.date.min)
        months = contract_of(table).window_months
        return window_start(date, months) if months else dt.date.min

    def newest_input(self, table: str, date: dt.date) -> list[tuple[int, str]]:
        """Return event and run of every materialized partition that a date reads, newest first."""
        found = [
            (self.made[upstream][d].storage_id, self.made[upstream][d].run_id)
            for upstream in reads_of(table)
            if upstream in self.made
            for d in self.inputs(table, date, upstream)
            if d in self.made[upstream]
        ]
        return sorted(found, reverse=True)
