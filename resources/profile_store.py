"""The profile store: profiles by client and by branch, of one business date at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from resources.errors import ExplainedError

if TYPE_CHECKING:
    import pyarrow as pa

Profile = dict[str, Any]
"""Column to value: decimals as Decimal, dates and timestamps in ISO text, NULL columns absent."""


class Served(NamedTuple):
    """What readers see: its business date, and the run that made it."""

    business_date: dt.date
    version: str


@dataclass(frozen=True)
class LoadResult:
    """What a load did.

    items: profiles written. loaded: False when a newer business date is served and was kept.
    serving: the business date that readers see now. replaced: what they saw before.
    """

    items: int
    loaded: bool
    serving: dt.date
    replaced: Served | None


class ProfileStoreError(ExplainedError):
    """A load was refused; the text holds no value of a profile."""


class ProfileStore(Protocol):
    """Serves one business date, whole: a reader never sees two dates, nor half of one."""

    def load(
        self,
        business_date: dt.date,
        version: str,
        rows: Iterable[pa.RecordBatch],
        *,
        rollback: bool = False,
    ) -> LoadResult:
        """Serve `rows` (with client_id, branch_id) instead of what is served.

        Never an older date, unless it is a rollback. Readers see the old profiles until all new
        ones are there, also when the load is killed.
        """
        ...

    def get(self, client_id: int) -> Profile | None:
        """Give a client's profile; None when there is no such client."""
        ...

    def by_branch(self, branch_id: int) -> list[Profile]:
        """Give the profiles of a branch's clients, by client_id."""
        ...

    def current(self) -> Served | None:
        """Give what is served; None before the first load."""
        ...
