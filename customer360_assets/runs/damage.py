"""What is missing or damaged of a home, and which partitions have to be made again for it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg

from customer360_assets.contracts import contracts
from customer360_assets.deliveries.parsing.parsed import forget_parsed
from customer360_assets.planning.materializations import ROWS
from customer360_assets.publishing.platform import Platform
from resources.protocols.lake_types import MissingTableError

SERVING = "serving.customer_profile"
AGAIN = "it is outstanding, and made again from the archive"


@dataclass
class Damage:
    """Partitions by table whose files are missing or damaged; lines: what to say of it.

    A partition that the record knows with rows and the lake does not show is lost, too: of a
    deleted catalog that is every one.
    """

    platform: Platform
    partitions: Mapping[str, Collection[dt.date]] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    whole: Collection[str] = ()
    """Tables of which every recorded partition is lost."""

    @classmethod
    def of(cls, platform: Platform, lake_dir: Path) -> Damage:
        """Return what is missing or damaged, after having had its deliveries parsed again."""
        found: defaultdict[str, set[dt.date]] = defaultdict(set)
        lines, whole = [], set[str]()
        for table, problem in sorted(platform.lake.unreadable().items()):
            platform.lake.forget(table)
            whole |= {table, *_makers(table)}
            lines.append(
                f"{table}: its metadata cannot be read ({problem}); all its partitions are made "
                "again from the archive."
            )
        for damaged in platform.lake.damaged():
            lines.append(f"{damaged}; {AGAIN}.")
            for table in _makers(damaged.table):
                found[table] |= {damaged.date} if damaged.date else set()
            path = Path(damaged.file.removeprefix("file://"))
            if parsed := forget_parsed(platform.ledger, lake_dir, path):
                feed, dates, files = parsed
                platform.lake.renew([str(file) for file in files])
                found[f"raw.{feed}"] |= dates
        return cls(platform, found, lines, whole)

    def lost(
        self, table: str, events: Mapping[dt.date, dg.AssetMaterialization]
    ) -> Collection[dt.date]:
        """Return the dates of a table that are recorded and not there."""
        if table == SERVING:
            return self._unserved(events)
        try:
            shown = self.platform.lake.dates(table)
        except MissingTableError:
            shown = {}
        absent = {d for d, event in events.items() if d not in shown and _rows(event)}
        if absent and table not in self.whole:
            dates = f"{min(absent)} to {max(absent)}" if len(absent) > 1 else f"{min(absent)}"
            self.lines.append(
                f"{table}: the lake lacks {len(absent):,} recorded partitions ({dates}); {AGAIN}."
            )
        if table in self.whole:
            absent = set(events)
        return absent | set(self.partitions.get(table, ()))

    def _unserved(self, events: Mapping[dt.date, dg.AssetMaterialization]) -> Collection[dt.date]:
        if not events or self.platform.store.current() is not None:
            return ()
        self.lines.append("The profile store is gone; reloaded from profile.customer_360.")
        return events


def _makers(table: str) -> list[str]:
    """Return the tables that have to be made so that a table is whole."""
    schema, name = table.split(".")
    if schema != "quarantine":
        return [table]
    return [f"raw.{name}", *(c.table for c in contracts("stage") if c.feed == name)]


def _rows(event: dg.AssetMaterialization) -> int:
    value = event.metadata[ROWS].value if ROWS in event.metadata else 0
    return value if isinstance(value, int) else 0
