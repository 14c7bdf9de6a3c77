"""The ledger: what is known of each delivery, in transactions.

A delivery's receipt gives it its number for ever. Its results say what became of its records under
each specification. The states of files in the landing zone spare reading them again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from resources.protocols.errors import ExplainedError

MOST_RECEIPTS = 50
"""Receipts of one transaction at most: DynamoDB takes 100 items in one."""


class LedgerError(ExplainedError, RuntimeError):
    """The ledger cannot be read or written; the text says what to do, with no value of a record."""


@dataclass(frozen=True)
class Receipt:
    """One delivery as it came in. `seq` is its order of arrival within the feed, from 1.

    business_date: stated by the file's name or by the run; None when a column states it.
    refused: why no date could be had of the name, else None.
    """

    feed: str
    seq: int
    file: str
    bytes: int
    sha256: str
    run_date: dt.date
    business_date: dt.date | None
    refused: str | None = None


class Result(NamedTuple):
    """What became of a delivery under one fingerprint, as its parser wrote it."""

    delivery_id: str
    fingerprint: str
    text: str


class FileState(NamedTuple):
    """A file of the landing zone as it was read: its size and version, and its SHA-256."""

    state: str
    sha256: str


Moment = Literal["seen", "taken"]
"""When a file had the state: as it was last read, or as it was taken in to its end."""


class Ledger(Protocol):
    """What intake and raw need of a ledger; every method is one transaction."""

    def begin(self) -> None:
        """Make the ledger, before the first bytes are archived; a later call does nothing.

        Raises LedgerError, as every method does, if there are deliveries whose ledger is gone.
        """
        ...

    def revision(self, feed: str) -> int:
        """Return a number that grows with each receipt and result of a feed; 0 without any."""
        ...

    def receipts(self, feed: str) -> list[Receipt]:
        """Return a feed's receipts by order of arrival."""
        ...

    def register(self, receipts: Sequence[Receipt]) -> bool:
        """Keep receipts of one feed, `MOST_RECEIPTS` at most, all or none.

        False when their numbers do not follow the last one: another process has registered more.
        """
        ...

    def results(self, feed: str) -> list[Result]:
        """Return what is noted of a feed's deliveries, by delivery and fingerprint."""
        ...

    def note_results(self, feed: str, results: Sequence[Result]) -> None:
        """Keep results, each whole; of a delivery and fingerprint the first one stands."""
        ...

    def forget_result(self, feed: str, delivery_id: str, fingerprint: str) -> None:
        """Forget a result, so that the delivery is parsed again."""
        ...

    def states(self, feed: str, moment: Moment) -> dict[str, FileState]:
        """Return the noted state of each file of a feed; a missing entry does no harm."""
        ...

    def note_states(self, feed: str, moment: Moment, states: Mapping[str, FileState]) -> None:
        """Keep these states, and no other of the feed."""
        ...

    def note(self, name: str, text: str) -> str:
        """Keep a text under a name for ever; return the one that is kept, the first one given."""
        ...

    def noted(self, name: str) -> str | None:
        """Return the text that is kept under a name; None if there is none."""
        ...
