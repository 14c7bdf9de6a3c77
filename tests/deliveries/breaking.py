"""A parser that fails over certain bytes, as it does over what nobody has thought of."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from customer360_assets.deliveries import feed_deliveries as deliveries
from customer360_assets.deliveries.formats.errors import ParseError
from customer360_assets.deliveries.parsing import parse
from customer360_assets.deliveries.parsing.delivery import Delivery
from customer360_assets.deliveries.parsing.job import ParsingJob
from customer360_assets.deliveries.parsing.parsed import Parsed

POISON = b"poison\n"


def break_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make parse fail on POISON as documented: naming the delivery, the rest not begun."""
    plain = parse.parse

    def failing(found: Sequence[Delivery], job: ParsingJob) -> list[Parsed]:
        for delivery in found:
            if job.archive.path(delivery.sha256).read_bytes() == POISON:
                raise ParseError(f"{delivery.delivery_id}: the engine failed: BinderException")
        return plain(found, job)

    monkeypatch.setattr(deliveries, "parse", failing)
