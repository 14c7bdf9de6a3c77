"""Which columns of a raw table a record can do without."""

from __future__ import annotations

from customer360_assets.contracts import contracts
from customer360_assets.contracts.contract import Contract


def optional_columns(contract: Contract) -> tuple[str, ...]:
    """Return the columns of a raw table that are nullable there and wherever stage keeps them.

    A value that such a column cannot hold is set aside, and the record's row stays.
    """
    needed = {
        column.name
        for stage in contracts("stage")
        if stage.feed == contract.feed
        for column in stage.columns
        if not column.nullable
    }
    return tuple(c.name for c in contract.columns if c.nullable and c.name not in needed)
