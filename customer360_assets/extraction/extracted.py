"""The result of an extraction."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from resources.protocols.errors import ExplainedError


class ExtractionError(ExplainedError, RuntimeError):
    """Nothing was delivered; the message says why, without secrets or anybody's data."""


@dataclass(frozen=True)
class Total:
    """Rows of one type with the sums of their amounts and balances, in the account's currency."""

    type: str | None
    rows: int
    amount: Decimal | None
    balance: Decimal | None


@dataclass(frozen=True)
class Extracted:
    """What one source gave.

    files: every file that covers the extraction, the business date's last. delivered: those of them
    that are new or changed; the others stood there with the same bytes. undated: rows of the source
    that state no date; they belong into no file, and were not delivered.
    """

    source: str
    files: tuple[Path, ...]
    delivered: tuple[Path, ...]
    rows: int
    seconds: float
    totals: tuple[Total, ...] = ()
    undated: int = 0

    @property
    def file(self) -> Path:
        """The file of the business date."""
        return self.files[-1]
