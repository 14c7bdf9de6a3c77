"""Writing to DynamoDB in parallel, no faster than the table takes it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import islice
from threading import Event, Lock
from typing import Any, Protocol

from resources.account.errors import AwsError, code_of, explained
from resources.dynamodb.waits import jittered

PER_REQUEST = 25
THREADS = 8
FRUITLESS = 12
"""Attempts in a row that take nothing at all before a load gives up: about a minute."""
_THROTTLED = frozenset(
    {"ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"}
)
_FIRST_WAIT, _LONGEST_WAIT = 0.05, 10.0

Request = dict[str, Any]


class Clock(Protocol):
    """Seconds that pass, and a wait for them; the module `time` is one."""

    def monotonic(self) -> float:
        """Return the seconds since some moment."""

    def sleep(self, seconds: float, /) -> None:
        """Return after so many seconds."""


class Pace:
    """Capacity units a second: at most those given, half of it after each refusal, then more."""

    def __init__(self, units: float, clock: Clock) -> None:
        self._most = self._units = float(units)
        self._clock = clock
        self._free_at = 0.0
        self._lock = Lock()

    def await_turn(self) -> None:
        """Wait until what was taken before is paid for."""
        with self._lock:
            pause = self._free_at - self._clock.monotonic()
        if pause > 0:
            self._clock.sleep(pause)

    def taken(self, units: float, *, refused: bool) -> None:
        """Record the units that a request took, and whether it was throttled."""
        with self._lock:
            if refused:
                self._units = max(self._most / 100, self._units / 2)
            else:
                self._units = min(self._most, self._units * 1.05)
            self._free_at = max(self._free_at, self._clock.monotonic()) + units / self._units


@dataclass
class BatchWriter:
    """Puts and deletes of one table.

    still: called before each request, raises when the writer must stop.
    """

    dynamo: Any
    table: str
    units: float
    still: Callable[[], None]
    threads: int = THREADS
    clock: Clock = time
    _pace: Pace = field(init=False)
    _stop: Event = field(default_factory=Event, init=False)

    def __post_init__(self) -> None:
        """Start at the full pace."""
        self._pace = Pace(self.units, self.clock)

    def write(self, requests: Iterable[Request]) -> int:
        """Send all requests, in no order; return how many. Raises AwsError if none is taken."""
        sent, running = 0, set[Future[int]]()
        with ThreadPoolExecutor(self.threads) as pool:
            try:
                for batch in _batches(requests):
                    if len(running) >= 2 * self.threads:
                        done, running = wait(running, return_when=FIRST_COMPLETED)
                        sent += sum(future.result() for future in done)
                    running.add(pool.submit(self._send, batch))
                sent += sum(future.result() for future in running)
            except BaseException:
                self._stop.set()
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        return sent

    def _send(self, batch: list[Request]) -> int:
        waiting, fruitless = batch, 0
        while waiting and not self._stop.is_set():
            self.still()
            self._pace.await_turn()
            left, units = self._attempt(waiting)
            self._pace.taken(units, refused=bool(left))
            fruitless = fruitless + 1 if len(left) == len(waiting) else 0
            if fruitless == FRUITLESS:
                raise AwsError(
                    f"Cannot write {self.table}: DynamoDB took nothing in {FRUITLESS} attempts. "
                    "What is read stays whole. Run it again later, with fewer write units, "
                    "or raise the table's limits.",
                    "ThrottlingException",
                    transient=True,
                )
            if left:
                self._stop.wait(jittered(fruitless, _FIRST_WAIT, _LONGEST_WAIT))
            waiting = left
        return len(batch)

    def _attempt(self, batch: list[Request]) -> tuple[list[Request], float]:
        """Return the requests not accepted, and the units that the rest took."""
        from botocore.exceptions import ClientError

        with explained("write", f"the DynamoDB table {self.table}"):
            try:
                answer = self.dynamo.batch_write_item(
                    RequestItems={self.table: batch}, ReturnConsumedCapacity="TOTAL"
                )
            except ClientError as error:
                if code_of(error) in _THROTTLED:
                    return batch, 0.0
                raise
        units = sum(float(c["CapacityUnits"]) for c in answer.get("ConsumedCapacity", ()))
        return answer.get("UnprocessedItems", {}).get(self.table, []), units


def _batches(requests: Iterable[Request]) -> Iterator[list[Request]]:
    given = iter(requests)
    while batch := list(islice(given, PER_REQUEST)):
        yield batch
