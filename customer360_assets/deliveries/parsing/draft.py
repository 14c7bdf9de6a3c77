"""A delivery that is being parsed: where its files are drafted, and the query that judges it."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from customer360_assets.contracts.contract import Contract
from customer360_assets.deliveries.parsing.conversion import judged_sql
from customer360_assets.deliveries.parsing.delivery import Delivery
from customer360_assets.feeds.spec import FeedSpec

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Draft:
    """out: the folder that becomes the result; scratch: what is deleted after it."""

    delivery: Delivery
    contract: Contract
    out: Path
    scratch: Path
    connection: duckdb.DuckDBPyConnection

    def clear(self) -> None:
        """Remove what was written so far."""
        shutil.rmtree(self.out)
        self.out.mkdir()


@dataclass(frozen=True)
class Query:
    """A query and the parameters that it is run with, which may be secret."""

    sql: str
    parameters: dict[str, bytes] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Judgement:
    """How delivered fields become a contract's columns; pads: of the card key, never in SQL."""

    spec: FeedSpec
    draft: Draft
    types: Mapping[str, Any]
    pads: dict[str, bytes] = field(repr=False)

    def of(self, delivered: str, doubted: Collection[str] = ()) -> Query:
        """Return the query over delivered fields, given the columns whose numbers are in doubt."""
        contract, date = self.draft.contract, self.draft.delivery.business_date
        sql = judged_sql(self.spec, contract, delivered, self.types, date, doubted)
        return Query(sql, self.pads)
