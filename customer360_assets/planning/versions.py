"""What a partition was made from, as one hash, so that "outstanding" is a comparison.

The version of a raw partition states its deliveries; that of any other partition states its own
code and the versions of the partitions it read. It is recorded with each materialization: the
command line, the sensors and the UI read the same record.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping

import dagster as dg

from customer360_assets.contracts import contract as contract_of
from customer360_assets.contracts.contract import Contract
from customer360_assets.tables.specs import asset_key
from customer360_assets.tables.transformations import Transformation

METADATA_KEY = "version"
NOTHING = "no-delivery"
"""The version of a partition for which nothing is in force."""
PROFILE = "profile.customer_360"
SERVING_CODE = "1"
"""Of the asset that loads the profile store."""
Versions = Mapping[dt.date, str]


def combine(code: str, inputs: Iterable[tuple[str, dt.date, str]]) -> str:
    """Return the version of a partition made by `code` from (table, date, version) inputs."""
    read = sorted((table, str(date), version) for table, date, version in inputs)
    return hashlib.sha256(json.dumps([code, read]).encode()).hexdigest()


def window_start(as_of: dt.date, months: int) -> dt.date:
    """Return the first date of the window of N months that ends with `as_of`, inclusive.

    add_months(as_of + 1 day, -N), clipped to the end of a shorter month.
    """
    end = as_of + dt.timedelta(days=1)
    month = end.year * 12 + end.month - 1 - months
    year, month = divmod(month, 12)
    first_of_next = dt.date(year + month // 11, (month + 1) % 12 + 1, 1)
    last_day = (first_of_next - dt.timedelta(days=1)).day
    return dt.date(year, month + 1, min(end.day, last_day))


def dates_read(
    upstream: Contract, available: Iterable[dt.date], as_of: dt.date, months: int | None = None
) -> list[dt.date]:
    """Return the partitions of `upstream` that an as-of table reads.

    A snapshot: the newest on or before the date. A delta: all of them, or those of the window.
    """
    known = sorted(d for d in available if d <= as_of)
    if upstream.reads == "snapshot":
        return known[-1:]
    start = window_start(as_of, months) if months else dt.date.min
    return [d for d in known if d >= start]


def newest_materializations(
    instance: dg.DagsterInstance, table: str
) -> dict[dt.date, dg.AssetMaterialization]:
    """Return the newest materialization of each partition of a table."""
    key = asset_key(table)
    newest = instance.event_log_storage.get_latest_storage_id_by_partition(
        key, dg.DagsterEventType.ASSET_MATERIALIZATION
    )
    found: dict[dt.date, dg.AssetMaterialization] = {}
    ids = sorted(newest.values())
    for start in range(0, len(ids), 500):
        records = instance.fetch_materializations(
            dg.AssetRecordsFilter(asset_key=key, storage_ids=ids[start : start + 500]), limit=500
        ).records
        for record in records:
            event = record.asset_materialization
            if event and event.partition:
                found[dt.date.fromisoformat(event.partition)] = event
    return found


def versions_in(events: Mapping[dt.date, dg.AssetMaterialization]) -> dict[dt.date, str]:
    """Return the versions that materializations state."""
    return {
        date: str(event.metadata[METADATA_KEY].value)
        for date, event in events.items()
        if METADATA_KEY in event.metadata
    }


def recorded_versions(instance: dg.DagsterInstance, table: str) -> dict[dt.date, str]:
    """Return the version of each materialized partition of a table's newest materialization."""
    return versions_in(newest_materializations(instance, table))


def in_force(versions: Versions) -> dict[dt.date, str]:
    """Return the partitions that have a delivery."""
    return {date: version for date, version in versions.items() if version != NOTHING}


def code_of(contract: Contract, made_by: Transformation) -> str:
    """Return the code version: the file and the parts of the contract that decide rows."""
    return made_by.fingerprint + contract.fingerprint


def as_of_version(
    contract: Contract,
    made_by: Transformation,
    date: dt.date,
    known: Mapping[str, Versions],
) -> str:
    """Return the version of a date's partition, from the known versions of its inputs."""
    read = []
    for table in made_by.reads:
        versions = in_force(known[table])
        dates = dates_read(contract_of(table), versions, date, contract.window_months)
        read += [(table, d, versions[d]) for d in dates]
    return combine(code_of(contract, made_by), read)
