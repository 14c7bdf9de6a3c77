"""A delivery as the parser reads it, and the fingerprint that it is parsed under."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from customer360_assets.contracts.contract import Contract
from customer360_assets.feeds.spec import FeedSpec
from resources.deployment.card_token import CardKey


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


def fingerprint_of(spec: FeedSpec, contract: Contract, key: CardKey | None) -> str:
    """Return the fingerprint that a feed's deliveries are parsed under."""
    if spec.tokenizes and key is None:
        raise ValueError(f"feed {spec.feed} makes card tokens and was given no key")
    return spec.fingerprint(contract, key.key_id if key else "")
