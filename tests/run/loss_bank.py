"""A bank of ten clients whose next CRM snapshot lacks some of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import dagster as dg

from customer360_assets.assembly import definitions_of
from customer360_assets.planning.outstanding import Batch
from customer360_assets.runs.batches import BatchOutcome, run_batch
from customer360_assets.tables.partitions import Span
from customer360_assets.tables.specs import asset_key
from tests.run.deliveries import CARDS, DAY, card, card_file, client, crm, crm_file
from tests.run.small_bank import SmallBank

NEXT = "2024-05-24"
PROFILE = "profile.customer_360"
TEN = range(70_001, 70_011)


def customers(day: str, clients: range) -> dict[str, str | bytes]:
    """Return a CRM snapshot of these clients."""
    return {crm_file(day): crm(*(client(number) for number in clients))}


def first_day() -> dict[str, str | bytes]:
    """Return a sound day of CRM, with ten clients, and of cards: half of the tables to make."""
    return {**customers(DAY, TEN), card_file(): card(CARDS[0], 101)}


def dates(bank: SmallBank, table: str) -> dict[str, int]:
    """Return the published rows of a table by date."""
    return {str(date): rows for date, rows in bank.platform().lake.dates(table).items()}


def materialize(
    bank: SmallBank, first: str, last: str, *tables: str, tags: Mapping[str, str] | None = None
) -> BatchOutcome:
    """Materialize tables of a range of dates in one run, as the UI does."""
    span = Span(dt.date.fromisoformat(first), dt.date.fromisoformat(last))
    with bank.instance() as instance:
        return run_batch(definitions_of(bank.deployment), instance, Batch(span, tables), tags)


def check(bank: SmallBank, table: str, run_id: str | None = None) -> dg.AssetCheckEvaluation:
    """Return the newest result of the check `completeness` of a table, or that of a run."""
    key = dg.AssetCheckKey(asset_key(table), "completeness")
    with bank.instance() as instance:
        history = instance.event_log_storage.get_asset_check_execution_history(key, limit=20)
        found = next(r for r in history if run_id in (None, r.run_id) and r.event)
        assert found.event
        assert found.event.dagster_event
        event: Any = found.event.dagster_event.event_specific_data
        assert isinstance(event, dg.AssetCheckEvaluation)
        return event


def recorded(bank: SmallBank, table: str, date: str) -> Mapping[str, Any]:
    """Return the metadata of a partition's newest materialization."""
    with bank.instance() as instance:
        (record,) = instance.fetch_materializations(
            dg.AssetRecordsFilter(asset_key=asset_key(table), asset_partitions=[date]), limit=1
        ).records
        assert record.asset_materialization
        return {n: v.value for n, v in record.asset_materialization.metadata.items()}
