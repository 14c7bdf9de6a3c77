"""Which key the card tokens of a deployment are made with: recorded with the first token."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from customer360_assets.feeds.spec import FeedSpec
from resources.deployment.card_token import CardKey, CardKeyError, key_of, place_of
from resources.protocols.ledger import Ledger

if TYPE_CHECKING:
    from resources.deployment.deployment import Deployment

NOTE = "card_token_key"
"""The ledger's note of the key's identity: whatever else is lost, tokens are remade from there."""


def recorded_key(deployment: Deployment, ledger: Ledger, feeds: Iterable[FeedSpec]) -> CardKey:
    """Return a deployment's key; it is generated only if no token was made yet.

    Raises CardKeyError for a key that is not the one of the tokens that were made.
    """
    recorded = ledger.noted(NOTE)
    made = recorded is not None or any(_has_tokens(ledger, feed) for feed in feeds)
    key = key_of(deployment, generate=not made)
    if recorded is not None and recorded != key.identity:
        raise CardKeyError(_another(place_of(deployment)))
    return key


def record_key(ledger: Ledger, key: CardKey) -> None:
    """Record the key that tokens are about to be made with; CardKeyError if there is another."""
    # A note is written once: of two processes with different keys, one is refused.
    if (ledger.noted(NOTE) or ledger.note(NOTE, key.identity)) != key.identity:
        raise CardKeyError(_another("The card token key"))


def _has_tokens(ledger: Ledger, spec: FeedSpec) -> bool:
    """Return whether a release that recorded no key has made tokens of a feed."""
    return spec.tokenizes and bool(ledger.results(spec.feed))


def _another(place: str) -> str:
    return (
        f"{place} holds another key than the one that the card tokens were made with: tokens of two"
        " keys never join. Restore the first key and run again; nothing was published."
    )
