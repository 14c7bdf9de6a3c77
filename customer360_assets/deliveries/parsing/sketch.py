"""Which keys a delivery brings for a date, in few numbers: whether two have one in common."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from customer360_assets.contracts.contract import Contract
from customer360_assets.contracts.identity import identity, record_key
from customer360_assets.deliveries.formats.sql_text import name

if TYPE_CHECKING:
    import duckdb

MOST_RANGES = 64
MOST_HASHES = 1_000


class KeySketch(BaseModel):
    """The keys of a delivery's rows of one date: ranges of numbers, or 32 bits of each key's hash.

    It may name keys that are not there, and never lacks one. Neither: any key may be there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    ranges: tuple[tuple[int, int], ...] | None = None
    hashes: tuple[int, ...] | None = None

    def may_share(self, other: KeySketch) -> bool:
        """Return False only when the two have no key in common."""
        if self.ranges is not None and other.ranges is not None:
            return any(a <= d and c <= b for a, b in self.ranges for c, d in other.ranges)
        if self.hashes is not None and other.hashes is not None:
            return not set(self.hashes).isdisjoint(other.hashes)
        return True


def sketches(
    contract: Contract, files: Sequence[Path], connection: duckdb.DuckDBPyConnection
) -> dict[dt.date, KeySketch]:
    """Return the sketch of each business date of parsed files; nothing for a snapshot's.

    Numbers that are keys by themselves become ranges: a system counts its movements up, so that a
    day's are few ranges. Other keys become hashes, where a date has not too many of them.
    """
    if contract.reads != "delta" or not files or not record_key(contract):
        return {}
    source = f"read_parquet({[str(file) for file in files]!r}, hive_partitioning = false)"
    (first, *others), scope = record_key(contract), contract.scope
    types = {c.name: c.type for c in contract.columns}
    if types[first] == "bigint" and not others:
        unscoped = f" WHERE {name(scope)} <> ''" if scope else " WHERE false"
        scoped = connection.execute(f"SELECT count(*) FROM {source}{unscoped}").fetchone()
        if scoped == (0,):
            return _by_ranges(first, source, connection)
    return _by_hashes(identity(contract), source, connection)


def _by_ranges(
    key: str, source: str, connection: duckdb.DuckDBPyConnection
) -> dict[dt.date, KeySketch]:
    found = connection.execute(
        "SELECT business_date, min(k), max(k) FROM ("
        "SELECT business_date, k, k - row_number() OVER (PARTITION BY business_date ORDER BY k)"
        f" AS island FROM (SELECT DISTINCT business_date, {name(key)} AS k FROM {source}))"
        " GROUP BY business_date, island ORDER BY business_date, min(k)"
    ).fetchall()
    islands: dict[dt.date, list[tuple[int, int]]] = {}
    for date, low, high in found:
        islands.setdefault(date, []).append((int(low), int(high)))
    return {date: KeySketch(ranges=tuple(_fewer(mine))) for date, mine in islands.items()}


def _fewer(islands: list[tuple[int, int]]) -> Iterable[tuple[int, int]]:
    """Join neighbours, the nearest first, until few are left."""
    gaps = sorted(
        range(1, len(islands)), key=lambda i: islands[i][0] - islands[i - 1][1], reverse=True
    )
    cuts = [0, *sorted(gaps[: MOST_RANGES - 1]), len(islands)]
    for start, end in pairwise(cuts):
        yield islands[start][0], islands[end - 1][1]


def _by_hashes(
    key: Sequence[str], source: str, connection: duckdb.DuckDBPyConnection
) -> dict[dt.date, KeySketch]:
    text = f"to_json([{', '.join(f'CAST({name(c)} AS VARCHAR)' for c in key)}])"
    found = connection.execute(
        "SELECT business_date, count(*), min(h, ?) FROM ("
        f"SELECT DISTINCT business_date, CAST('0x' || left(md5(CAST({text} AS VARCHAR)), 8)"
        f" AS BIGINT) AS h FROM {source}) GROUP BY business_date ORDER BY business_date",
        [MOST_HASHES],
    ).fetchall()
    return {
        date: KeySketch(hashes=tuple(hashes) if count <= MOST_HASHES else None)
        for date, count, hashes in found
    }
