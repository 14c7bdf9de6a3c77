"""A delivery as the parser reads it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True)
class Delivery:
    """A delivery as the parser needs it; business_date is None where a column states it."""

    delivery_id: str
    seq: int
    feed: str
    file: str
    bytes: int
    sha256: str
    business_date: dt.date | None
    refused: str | None = None
