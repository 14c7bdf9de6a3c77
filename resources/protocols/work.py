"""What a step works on, passed to the resources that it calls, and what they report of it."""

from __future__ import annotations

import logging
import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from decimal import Decimal

Number = int | float | Decimal
REPORTED = 1_000
"""Items after which a long step says how far it is."""


@dataclass(frozen=True)
class Work:
    """One step of a run: `table` over the business dates `span`.

    attempt_of: the first run of a chain of retries, so that a retry finds what that one started.
    """

    run_id: str
    attempt_of: str
    table: str
    span: str
    log: logging.Logger
    numbers: dict[str, Number] = field(default_factory=dict)
    started: float = field(default_factory=time.monotonic)

    @property
    def tags(self) -> dict[str, str]:
        """Return what a query or a job is tagged with."""
        return {"run_id": self.run_id, "table": self.table, "span": self.span}

    @property
    def seconds(self) -> float:
        """Return how long the step has been at work."""
        return time.monotonic() - self.started

    def add(self, name: str, value: Number) -> None:
        """Add to a number of the step's metadata: bytes scanned, seconds, cost."""
        self.numbers[name] = self.numbers.get(name, 0) + value  # type: ignore[operator]


_CURRENT: ContextVar[Work | None] = ContextVar("customer360_work", default=None)


def begin(work: Work) -> None:
    """Make this the work of the calling thread."""
    _CURRENT.set(work)


def report_progress(what: str, done: int, total: int) -> None:
    """Log how far a long step is; one of few items stays silent."""
    work = _CURRENT.get()
    if work is not None and total >= REPORTED and (done == total or done % REPORTED == 0):
        work.log.info(f"{what}: {done:,} of {total:,}")


def current_work() -> Work | None:
    """Return the work of the calling thread; None outside a step."""
    return _CURRENT.get()
