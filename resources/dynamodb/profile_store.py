"""The profile store on DynamoDB: generations of items, and a pointer to the one that is served."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from resources.account.client import client
from resources.account.errors import explained
from resources.dynamodb.generation import Generation, number_of, served_of
from resources.dynamodb.lease import Lease
from resources.dynamodb.reader import DynamoReader
from resources.dynamodb.writer import BatchWriter, Clock
from resources.protocols.profile_store import (
    LoadResult,
    Profile,
    Served,
    refuse_incomplete,
    unlike_number,
)

if TYPE_CHECKING:
    import pyarrow as pa

WRITE_UNITS = 4_000
"""What a table on demand takes from its first minute."""
LEASE_SECONDS = 30.0


class DynamoProfileStore:
    """A ProfileStore in one table, for many readers and one loading process at a time."""

    def __init__(
        self,
        table: str,
        region: str,
        *,
        write_units: float = WRITE_UNITS,
        lease_seconds: float = LEASE_SECONDS,
        clock: Clock = time,
    ) -> None:
        self.table, self._region, self._clock = table, region, clock
        self._write_units, self._lease_seconds = write_units, lease_seconds
        self._reader = DynamoReader(table, region)

    def load(
        self,
        business_date: dt.date,
        version: str,
        rows: Iterable[pa.RecordBatch],
        *,
        expected: int | None = None,
        rollback: bool = False,
    ) -> LoadResult:
        """See ProfileStore. Waits up to an hour for another load to end."""
        with Lease(self._dynamo, self.table, self._lease_seconds) as lease, self._explained("load"):
            served, serving = served_of(lease.pointer), number_of(lease.pointer, "serving")
            if served and served.business_date > business_date and not rollback:
                return LoadResult(0, False, served.business_date, served)
            writer = BatchWriter(
                self._dynamo, self.table, self._write_units, lease.check, clock=self._clock
            )
            # Every generation since the oldest that may have items, but the one that is served:
            # what loads left that were killed.
            for left in range(number_of(lease.pointer, "oldest"), lease.generation):
                if left not in (0, serving):
                    Generation(left, writer).remove()
            # It has waited until the index shows each branch whole.
            items = Generation(lease.generation, writer).write(rows)
            refuse_incomplete(unlike_number(items, expected))
            new = {":new": {"N": str(lease.generation)}}
            lease.update(
                "SET serving = :new, business_date = :date, version = :version",
                {**new, ":date": {"S": f"{business_date}"}, ":version": {"S": version}},
            )
            if serving:
                Generation(serving, writer).remove()
            lease.update("SET oldest = :new", new)
        return LoadResult(items, True, business_date, served)

    def get(self, client_id: int) -> Profile | None:
        """See ProfileStore."""
        with self._explained("read"):
            return self._reader.get(client_id)

    def by_branch(self, branch_id: int) -> list[Profile]:
        """See ProfileStore."""
        with self._explained("read"):
            return self._reader.by_branch(branch_id)

    def current(self) -> Served | None:
        """See ProfileStore."""
        with self._explained("read"):
            return served_of(self._reader.pointer())

    @property
    def _dynamo(self) -> Any:
        return client("dynamodb", self._region)

    def _explained(self, action: str) -> AbstractContextManager[None]:
        return explained(action, f"the DynamoDB table {self.table}")
