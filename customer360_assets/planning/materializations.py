"""What Dagster's record says of each partition's newest materialization, read once."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import dagster as dg

from customer360_assets.planning.holds import Hold, hold_of
from customer360_assets.planning.versions import METADATA_KEY, NOTHING
from customer360_assets.tables.specs import asset_key
from resources.dagster_internals import SqlRunStorage

ROWS = "dagster/partition_row_count"
PAGE = 500


@dataclass(frozen=True)
class Made:
    """One partition as it was made last: event, version, run and recorded numbers.

    hold: that it was rolled back, and is not made again by itself.
    """

    storage_id: int
    version: str
    run_id: str
    numbers: Mapping[str, float]
    hold: Hold | None = None

    @property
    def rows(self) -> float | None:
        """Rows of the partition; None if they were not recorded."""
        return self.numbers.get(ROWS)


Partitions = dict[dt.date, Made]
# Events never change: a tick reads those that are new. By instance, table and event.
_READ: dict[tuple[str, str], dict[int, Made | None]] = defaultdict(dict)


def made(
    instance: dg.DagsterInstance,
    table: str,
    last: int | None = None,
    before: dt.date | None = None,
) -> Partitions:
    """Return the partitions of a table: the `last` newest ones, of dates `before` one."""
    key = asset_key(table)
    newest = instance.event_log_storage.get_latest_storage_id_by_partition(
        key, dg.DagsterEventType.ASSET_MATERIALIZATION
    )
    earlier = (d for d in newest if before is None or d < before.isoformat())
    dates = sorted(earlier, reverse=True)[:last]
    storage = cast(SqlRunStorage, instance.run_storage)
    read = _READ[(storage.get_run_storage_id(), table)]
    unread = sorted(newest[date] for date in dates if newest[date] not in read)
    for start in range(0, len(unread), PAGE):
        ids = unread[start : start + PAGE]
        records = instance.fetch_materializations(
            dg.AssetRecordsFilter(asset_key=key, storage_ids=ids), limit=PAGE
        ).records
        read.update((record.storage_id, _made(record)) for record in records)
    for old in read.keys() - set(newest.values()):
        del read[old]
    found = {dt.date.fromisoformat(date): read.get(newest[date]) for date in sorted(dates)}
    return {date: partition for date, partition in found.items() if partition}


def _made(record: dg.EventLogRecord) -> Made | None:
    event = record.asset_materialization
    if event is None or METADATA_KEY not in event.metadata:
        return None
    numbers = {
        name: float(value.value)
        for name, value in event.metadata.items()
        if isinstance(value, dg.IntMetadataValue | dg.FloatMetadataValue)
        and value.value is not None
    }
    version = str(event.metadata[METADATA_KEY].value)
    return Made(record.storage_id, version, record.run_id, numbers, hold_of(event))


def delivered(partitions: Mapping[dt.date, Made]) -> list[dt.date]:
    """Return the dates, in order, that have a delivery."""
    return sorted(date for date, m in partitions.items() if m.version != NOTHING)
