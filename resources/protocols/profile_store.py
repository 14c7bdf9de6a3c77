"""The profile store: profiles by client and by branch, of one business date at a time."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from resources.protocols.errors import ExplainedError

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


def unlike_number(given: int, expected: int | None) -> str | None:
    """Return how many profiles came if they are not as many as expected."""
    if expected is None or given == expected:
        return None
    return f"{given:,} profiles came of {expected:,}"


def unlike_rows(
    branches: Counter[int | None], kept: Mapping[int | None, int], expected: int | None
) -> str | None:
    """Return how the profiles kept, by branch, differ from those of the rows; None if they do not.

    No branch is named: how many clients it has is none of a log's business.
    """
    given, found = sum(branches.values()), sum(kept.values())
    if problem := unlike_number(given, expected):
        return problem
    if given != found:
        return f"the store has {found:,} of {given:,} profiles"
    other = sum(branches[b] != kept.get(b, 0) for b in branches.keys() | kept.keys())
    return f"{other:,} branches have other profiles than their rows" if other else None


def refuse_incomplete(problem: str | None) -> None:
    """Raise ProfileStoreError before readers are switched, if something is wrong."""
    if problem:
        raise ProfileStoreError(
            f"{problem}; what was served stays. Materialize serving/customer_profile again."
        )


def add_branches(counted: Counter[int | None], batch: pa.RecordBatch) -> None:
    """Count the rows of a batch by branch."""
    for entry in batch.column("branch_id").value_counts():
        counted[entry["values"].as_py()] += entry["counts"].as_py()


class ProfileStore(Protocol):
    """Serves one business date, whole: a reader never sees two dates, nor half of one."""

    def load(
        self,
        business_date: dt.date,
        version: str,
        rows: Iterable[pa.RecordBatch],
        *,
        expected: int | None = None,
        rollback: bool = False,
    ) -> LoadResult:
        """Serve `rows` (with client_id, branch_id) instead of what is served.

        ProfileStoreError, and readers see what they saw, if the store has not got every row by
        then, branch by branch, or if the rows are not the `expected` number.

        Never an older date, unless it is a rollback. Readers see the old profiles until all new
        ones are there, also when the load is killed.
        """
        ...

    def get(self, client_id: int) -> Profile | None:
        """Return a client's profile; None if there is no such client."""
        ...

    def by_branch(self, branch_id: int) -> list[Profile]:
        """Return the profiles of a branch's clients, by client_id."""
        ...

    def current(self) -> Served | None:
        """Return the served generation; None before the first load."""
        ...
