"""Which keys a delivery brings for a date, in few numbers: whether two have one in common."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from customer360_assets.contracts.contract import Contract
from customer360_assets.contracts.identity import identity, record_key
from customer360_assets.deliveries.formats.sql_text import literals, name

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


Sketches = dict[str, dict[dt.date, KeySketch]]
"""The sketch of each business date of each delivery."""


def sketches(contract: Contract, rows: str, connection: duckdb.DuckDBPyConnection) -> Sketches:
    """Return the sketches of deliveries, given a relation of their rows; none for a snapshot's.

    Numbers that are keys by themselves become ranges: a system counts its movements up, so that a
    day's are few ranges. Other keys become hashes, where a date has not too many of them.
    """
    if contract.reads != "delta" or not record_key(contract):
        return {}
    (first, *others), scope = record_key(contract), contract.scope
    types = {c.name: c.type for c in contract.columns}
    keys = identity(contract)
    if types[first] != "bigint" or others:
        return _by_hashes(keys, rows, connection)
    scoped = f" WHERE {name(scope)} <> ''" if scope else " WHERE false"
    found = connection.execute(f"SELECT DISTINCT delivery_id FROM {rows}{scoped}").fetchall()
    if not found:
        return _by_ranges(first, rows, connection)
    apart = literals(sorted(str(own) for (own,) in found))
    return _by_hashes(keys, f"(FROM {rows} WHERE delivery_id IN ({apart}))", connection) | (
        _by_ranges(first, f"(FROM {rows} WHERE delivery_id NOT IN ({apart}))", connection)
    )


def _by_ranges(key: str, rows: str, connection: duckdb.DuckDBPyConnection) -> Sketches:
    found = connection.execute(
        "SELECT delivery_id, business_date, min(k), max(k) FROM (SELECT *, k - row_number() OVER"
        " (PARTITION BY delivery_id, business_date ORDER BY k) AS island"
        f" FROM (SELECT DISTINCT delivery_id, business_date, {name(key)} AS k FROM {rows}))"
        " GROUP BY delivery_id, business_date, island ORDER BY delivery_id, business_date, min(k)"
    ).fetchall()
    islands: dict[str, dict[dt.date, list[tuple[int, int]]]] = {}
    for delivery_id, date, low, high in found:
        dates = islands.setdefault(delivery_id, {})
        dates.setdefault(date, []).append((int(low), int(high)))
    return {
        delivery_id: {d: KeySketch(ranges=tuple(_fewer(mine))) for d, mine in dates.items()}
        for delivery_id, dates in islands.items()
    }


def _fewer(islands: list[tuple[int, int]]) -> Iterable[tuple[int, int]]:
    """Join neighbours, the nearest first, until few are left."""
    gaps = sorted(
        range(1, len(islands)), key=lambda i: islands[i][0] - islands[i - 1][1], reverse=True
    )
    cuts = [0, *sorted(gaps[: MOST_RANGES - 1]), len(islands)]
    for start, end in pairwise(cuts):
        yield islands[start][0], islands[end - 1][1]


def _by_hashes(key: Sequence[str], rows: str, connection: duckdb.DuckDBPyConnection) -> Sketches:
    text = f"to_json([{', '.join(f'CAST({name(c)} AS VARCHAR)' for c in key)}])"
    found = connection.execute(
        "SELECT delivery_id, business_date, count(*), min(h, ?) FROM ("
        "SELECT DISTINCT delivery_id, business_date,"
        f" CAST('0x' || left(md5(CAST({text} AS VARCHAR)), 8) AS BIGINT) AS h FROM {rows})"
        " GROUP BY delivery_id, business_date ORDER BY delivery_id, business_date",
        [MOST_HASHES],
    ).fetchall()
    sketched: Sketches = {}
    for delivery_id, date, count, hashes in found:
        few = KeySketch(hashes=tuple(hashes) if count <= MOST_HASHES else None)
        sketched.setdefault(delivery_id, {})[date] = few
    return sketched
