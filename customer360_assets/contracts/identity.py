"""The key of a delivered record of a feed, whatever file it comes in."""

from __future__ import annotations

from customer360_assets.contracts import contracts
from customer360_assets.contracts.contract import Contract


def record_key(raw: Contract) -> tuple[str, ...]:
    """Return the columns of a raw table that its feed's stage tables are keyed by.

    Without the business date, which is the delivery's, and without the scope, which a feed states.
    Empty for a table of which no stage table is made.
    """
    delivered = {c.name for c in raw.columns} - {"business_date", raw.scope}
    for stage in contracts("stage"):
        if raw.feed is not None and stage.feed == raw.feed:
            return tuple(k for k in stage.key if k in delivered)
    return ()


def identity(raw: Contract) -> tuple[str, ...]:
    """Return the key of a record with the column of what its numbers count within."""
    return (*record_key(raw), raw.scope) if raw.scope else record_key(raw)
