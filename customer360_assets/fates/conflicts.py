"""Different records under one key on one date: only equal content is a repeat."""

from __future__ import annotations

from collections.abc import Sequence

from customer360_assets.contracts.contract import Contract
from customer360_assets.fates.judged import without_broken
from customer360_assets.fates.places import COLUMNS, Places, placed
from customer360_assets.publishing.platform import Platform

CONFLICT = "record:key_conflict"
"""The rule of a record whose key a later record of its date has, with other content."""

_TRACE = {"delivery_id", "line_no", "delivery_seq"}


def conflicts_of(
    platform: Platform, contract: Contract, repeats: Sequence[str], others: Sequence[str]
) -> Places | None:
    """Return the places of repeats that differ from the row which has their key; None for none.

    others: the files of all rows that are no repeats, published or refused.
    """
    if not repeats:
        return None
    found = platform.sql.query(
        conflict_sql(contract), inputs={"repeated.rows": repeats, "other.rows": others}
    )
    return placed(found) if found.num_rows else None


def conflict_sql(contract: Contract) -> str:
    """Return the query of the repeats that are none, a row each."""
    same_key = " AND ".join(
        f'repeated."{k}" IS NOT DISTINCT FROM other."{k}"' for k in contract.key
    )
    content = [c for c in contract.columns if c.name not in _TRACE | set(contract.key)]
    differs = "".join(
        f'\n    OR repeated."{c.name}" IS DISTINCT FROM other."{c.name}"' for c in content
    )
    compared = ", ".join(
        [
            *(f'"{k}"' for k in contract.key),
            *(f'{without_broken(contract, c)} AS "{c.name}"' for c in content),
        ]
    )
    places = ", ".join(f"repeated.{c}" for c in COLUMNS)
    trace = ", ".join(c for c in COLUMNS if c not in contract.key)
    return (
        f"SELECT {places}\n"
        f"FROM (SELECT {compared}, {trace} FROM repeated.rows) AS repeated\n"
        f"LEFT JOIN (SELECT {compared}, 1 AS found FROM other.rows) AS other\n    ON {same_key}\n"
        f"WHERE other.found IS NULL{differs}"
    )
