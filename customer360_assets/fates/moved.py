"""Records of a date that a later delivery brings again for an earlier date: corrected there."""

from __future__ import annotations

import datetime as dt

from customer360_assets.contracts import contract as contract_of
from customer360_assets.contracts.contract import Contract
from customer360_assets.contracts.identity import identity
from customer360_assets.deliveries.feed_deliveries import FeedDeliveries
from customer360_assets.publishing.publish import Inputs
from customer360_assets.tables.partitions import Span

NEWER = "newer.rows"
"""The rows of later deliveries that may move records, as a stage query's input."""


def with_newer(inputs: Inputs, deliveries: FeedDeliveries | None, piece: Span) -> Inputs:
    """Add the rows that may move records away from the dates of a piece, where there are any."""
    files = deliveries.moving_files(piece.first, piece.last) if deliveries else []
    return {**inputs, NEWER: [str(file) for file in files]} if files else inputs


def dates_asked(piece: Span, inputs: Inputs) -> list[dt.date]:
    """Return what fills the `?` of a stage query over a piece."""
    dates = [piece.first, piece.last]
    return dates * 2 if NEWER in inputs else dates


def moved_sql(contract: Contract) -> str:
    """Return the query (first and last date as `?`) of the records that were moved.

    The newest delivery of a key wins by the order of delivery. A later business date is not
    corrected by this: until that date, the record was known as it stands here.
    """
    raw = contract_of(f"raw.{contract.feed}")
    same = " AND ".join(f'old."{k}" = newer."{k}"' for k in identity(raw))
    return (
        "SELECT DISTINCT old.delivery_id AS moved_delivery, old.line_no AS moved_line\n"
        f"FROM {raw.table} AS old\nINNER JOIN {NEWER} AS newer\n    ON {same}\n"
        "    AND newer.business_date < old.business_date\n"
        "    AND newer.delivery_seq > old.delivery_seq\n"
        "WHERE old.business_date BETWEEN CAST(? AS date) AND CAST(? AS date)"
    )
