"""Optional values that break a rule: the row is published with null, the record is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from customer360_assets.contracts.contract import Contract
from customer360_assets.fates.judged import all_hold, refusal_sql
from customer360_assets.fates.moved import NEWER, dates_asked, moved_sql
from customer360_assets.fates.places import COLUMNS, Places, placed
from customer360_assets.publishing.platform import Platform
from customer360_assets.publishing.publish import Inputs
from customer360_assets.tables.partitions import Span

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class SetAside:
    """The records concerned by rule, and what is set aside of each control total."""

    places: Mapping[str, Places]
    totals: Mapping[str, Decimal]


def values_set_aside(
    platform: Platform, contract: Contract, query: str, inputs: Mapping[Span, Inputs]
) -> SetAside:
    """Run a stage query again, for the values alone that are published as null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pa.concat_tables(
        platform.sql.query(
            set_aside_sql(contract, query, moved=NEWER in files),
            params=dates_asked(piece, files),
            inputs=files,
        )
        for piece, files in inputs.items()
    )
    places = {}
    for rule in contract.optional_rules:
        mine = found.filter(pc.match_substring(found["broken"], f"|{rule.name}|"))
        if mine.num_rows:
            places[rule.name] = placed(mine)
    return SetAside(places, {c: _sum(found[c]) for c in _totals(contract)})


def set_aside_sql(contract: Contract, query: str, *, moved: bool = False) -> str:
    """Return the query of published rows with a broken optional value: place and `broken`.

    `broken` has the names of the rules between bars. The control totals follow, with the value that
    is set aside, if it is one of theirs.
    """
    named = ", ".join(
        f"CASE WHEN {rule.sql} THEN '' ELSE '|{rule.name}|' END" for rule in contract.optional_rules
    )
    totals = "".join(f', {_set_aside_value(contract, c)} AS "{c}"' for c in _totals(contract))
    judged = refusal_sql(contract, query, moved_sql(contract) if moved else None)
    return (
        f"SELECT {', '.join(COLUMNS)}, concat({named}, '') AS broken{totals}\n"
        f"FROM (\n{judged}\n) AS judged\n"
        f"WHERE refusal IS NULL AND NOT ({all_hold(contract.optional_rules)})"
    )


def _totals(contract: Contract) -> list[str]:
    optional = {rule.column for rule in contract.optional_rules}
    return [c for c in contract.totals if c in optional]


def _set_aside_value(contract: Contract, column: str) -> str:
    rules = [r for r in contract.optional_rules if r.column == column]
    return f'CASE WHEN NOT ({all_hold(rules)}) THEN CAST("{column}" AS varchar) END'


def _sum(values: pa.ChunkedArray) -> Decimal:
    return sum((Decimal(v) for v in values.to_pylist() if v is not None), Decimal(0))
