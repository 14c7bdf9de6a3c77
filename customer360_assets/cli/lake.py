"""The lake and its SQL engine for commands that only read.

On a local home neither Dagster nor the contracts are imported: that takes longer than most queries.
"""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resources.protocols.lake_types import MissingTableError

if TYPE_CHECKING:
    from resources.deployment.deployment import Deployment
    from resources.protocols.lake import Lake
    from resources.protocols.sql_engine import SqlEngine


@dataclass(frozen=True)
class Readable:
    """What a query needs of a deployment."""

    lake: Lake
    sql: SqlEngine

    @classmethod
    def of(cls, target: Deployment) -> Readable:
        """Open the lake and the engine of a deployment."""
        if target.aws is None:
            from resources.embedded.opened import open_engine, open_lake

            return cls(open_lake(target), open_engine(target))
        from resources.wiring.deployed import services_of

        services = services_of(target)
        return cls(services["lake"], services["sql"])

    def inputs(
        self, tables: Collection[str], as_of: dt.date, all_dates: bool
    ) -> dict[str, Sequence[str]]:
        """Return the files of the tables; MissingTableError with the nearest name for no table."""
        existing = self.lake.tables()
        for table in tables:
            if table not in existing:
                raise MissingTableError(no_table(table, existing))
        return {table: self._files(table, as_of, all_dates) for table in tables}

    def _files(self, table: str, as_of: dt.date, all_dates: bool) -> Sequence[str]:
        lake, info = self.lake, self.lake.info(table)
        if not info.dated:
            files = lake.files(table)
        elif all_dates or (info.reads or _contract_reads(table)) == "delta":
            files = lake.files(table, last=as_of)
        elif (newest := lake.newest(table, as_of)) is not None:
            files = lake.files(table, first=newest, last=newest)
        else:
            files = []
        return lake.with_columns(table, files) if files else [lake.empty_file(table)]


def _contract_reads(table: str) -> str:
    """Return how a table is read, where an older release has not written it into the lake."""
    from customer360_assets.contracts import contract

    try:
        return contract(table).reads
    except KeyError:
        return "snapshot"


LIKELY = ("stage", "dimension", "profile", "raw", "quarantine")
"""Of the tables of one name, the one that is meant."""


def nearest(table: str, existing: Collection[str]) -> str | None:
    """Return the table that a wrong name most likely means."""
    by_name: dict[str, str] = {}
    for schema in LIKELY:
        for name in existing:
            if name.startswith(f"{schema}."):
                by_name.setdefault(name.partition(".")[2], name)
    own = table.rpartition(".")[2]
    if own in by_name:
        return by_name[own]
    near = difflib.get_close_matches(table, existing, 1)
    near = near or [by_name[name] for name in difflib.get_close_matches(own, by_name, 1)]
    return near[0] if near else None


def no_table(table: str, existing: Collection[str]) -> str:
    """Return the sentence about a table that is not there, with the nearest name."""
    near = nearest(table, existing)
    hint = f"Did you mean {near}? " if near else ""
    return f"There is no table {table}. {hint}customer360 tables lists them."
