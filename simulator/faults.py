"""What can go wrong on the way to the CRM, on request."""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Literal


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong.

    throttle answers 429 with Retry-After, error answers `status`, truncate sends half of the body
    that it announced, drop closes the connection without an answer.
    """

    kind: Literal["throttle", "error", "truncate", "drop"]
    page: int | None = None
    """The page it strikes; None for any."""
    times: int | None = 1
    """How often; None for ever. Lost after N pages is `drop` on page N + 1, for ever."""
    status: int = 500
    retry_after: float = 0.05
    """Seconds, stated with 429."""


class FaultPlan:
    """Faults that are still to come, used up in their order; safe with threads."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self._faults = tuple(faults)
        self._struck = [0] * len(self._faults)
        self._lock = Lock()

    def strike(self, page: int) -> Fault | None:
        """The fault of this request, if there is one."""
        with self._lock:
            for i, fault in enumerate(self._faults):
                spent = fault.times is not None and self._struck[i] >= fault.times
                if not spent and fault.page in (None, page):
                    self._struck[i] += 1
                    return fault
        return None
