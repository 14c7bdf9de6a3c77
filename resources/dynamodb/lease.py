"""One load at a time: a lease on the pointer that a dead load loses."""

from __future__ import annotations

import random
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Thread
from types import TracebackType
from typing import Any, Self

from resources.account.errors import AwsError, code_of, explained
from resources.dynamodb.table import IMPORTED, pointer_key
from resources.protocols.profile_store import ProfileStoreError

WAIT_SECONDS = 3_600.0
_BEATS = 4
"""How often a load shows within its lease that it lives."""
_LOST = "this load paused for so long that another replaced it; nothing of it is served"


@dataclass(frozen=True)
class Seen:
    """A holder, at one beat."""

    owner: str
    beat: str


class Lease:
    """The right to load and to switch the pointer.

    A holder that shows no sign of life for `seconds`, by the clock of the one that waits, is dead.
    Waits up to an hour for one that lives.
    """

    def __init__(self, dynamo: Any, table: str, seconds: float) -> None:
        self.owner = uuid.uuid4().hex
        self.generation = 0
        self.pointer: dict[str, Any] = {}
        self._dynamo, self._table, self._seconds = dynamo, table, seconds
        self._alive_at = 0.0
        self._end = Event()
        self._lost = False
        self._thread = Thread(target=self._live, name="profile-load-lease", daemon=True)

    def __enter__(self) -> Self:
        """Wait for the lease, and return it with a generation that no load had before."""
        with explained("load", f"the DynamoDB table {self._table}"):
            self._acquire()
        self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Release the lease."""
        self._end.set()
        self._thread.join()
        # What was loaded is served, or the load's own failure counts; the lease runs out by itself.
        with suppress(AwsError), explained("end the load of", self._table):
            self.update("REMOVE #owner, beat", {}, if_held=False)

    def check(self) -> None:
        """Raise ProfileStoreError when another may hold the lease by now."""
        if self._lost or time.monotonic() - self._alive_at > self._seconds:
            raise ProfileStoreError(_LOST)

    def update(
        self,
        expression: str,
        values: dict[str, Any],
        *,
        condition: str = "#owner = :me",
        if_held: bool = True,
    ) -> bool:
        """Change the pointer if this load holds it; if not, raise, or return False."""
        from botocore.exceptions import ClientError

        try:
            self._dynamo.update_item(
                TableName=self._table,
                Key=pointer_key(),
                UpdateExpression=expression,
                ConditionExpression=condition,
                ExpressionAttributeNames={"#owner": "owner"},
                ExpressionAttributeValues={":me": {"S": self.owner}, **values},
            )
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            if if_held:
                raise ProfileStoreError(_LOST) from None
            return False
        return True

    def _acquire(self) -> None:
        waiting_since = time.monotonic()
        dead: Seen | None = None
        while not self._take(dead):
            dead, seen = None, self._look()
            since = time.monotonic()
            while seen and seen.owner != self.owner and dead is None:
                if time.monotonic() - waiting_since > WAIT_SECONDS:
                    raise ProfileStoreError("another load has been running for an hour")
                time.sleep(self._seconds / _BEATS * random.uniform(0.5, 1))  # noqa: S311 - no secret
                now = self._look()
                if now != seen:
                    seen, since = now, time.monotonic()
                elif time.monotonic() - since > self._seconds:
                    dead = seen
        self._alive_at = time.monotonic()
        self.pointer = self._read()
        self.generation = int(self.pointer["allocated"]["N"])

    def _take(self, dead: Seen | None) -> bool:
        values = {":one": {"N": "1"}, ":zero": {"N": "0"}, ":imported": {"N": str(IMPORTED)}}
        free = "attribute_not_exists(#owner) OR #owner = :me"
        if dead:
            free += " OR (#owner = :dead AND beat = :beat)"
            values |= {":dead": {"S": dead.owner}, ":beat": {"N": dead.beat}}
        return self.update(
            "SET #owner = :me, beat = :zero,"
            " allocated = if_not_exists(allocated, :imported) + :one",
            values,
            condition=free,
            if_held=False,
        )

    def _look(self) -> Seen | None:
        found = self._read()
        return Seen(found["owner"]["S"], found["beat"]["N"]) if "owner" in found else None

    def _read(self) -> dict[str, Any]:
        answer = self._dynamo.get_item(
            TableName=self._table, Key=pointer_key(), ConsistentRead=True
        )
        return dict(answer.get("Item", {}))

    def _live(self) -> None:
        while not self._end.wait(self._seconds / _BEATS):
            asked_at = time.monotonic()
            try:
                with explained("keep the load of", self._table):
                    held = self.update("ADD beat :one", {":one": {"N": "1"}}, if_held=False)
            except AwsError:
                continue  # `check` notices when it lasts
            if not held:
                self._lost = True
                return
            self._alive_at = asked_at
