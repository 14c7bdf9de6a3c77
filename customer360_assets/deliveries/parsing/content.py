"""The bytes of a delivery, and what refuses it before they are read."""

from __future__ import annotations

from pathlib import Path

from customer360_assets.deliveries.formats.errors import ParseError, RefusedError
from customer360_assets.deliveries.parsing.delivery import Delivery
from customer360_assets.feeds.spec import FeedSpec
from resources.protocols.archive import Archive


def content_of(delivery: Delivery, archive: Archive) -> Path:
    """Return the file of a delivery's bytes; raises ParseError when the archive holds none."""
    # A service's own error stays what it is: some pass by themselves, and the step is tried again.
    try:
        return archive.path(delivery.sha256)
    except FileNotFoundError:
        failure = f"the archive holds no content {delivery.sha256}"
    raise ParseError(f"{delivery.delivery_id}: {failure}")


def refuse_early(delivery: Delivery, spec: FeedSpec) -> None:
    """Raise RefusedError for a delivery that is dated before the feed's first one."""
    date, earliest = delivery.business_date, spec.business_date.earliest
    if date is not None and earliest is not None and date < earliest:
        raise RefusedError(f"business date {date} is before the first one, {earliest}")
