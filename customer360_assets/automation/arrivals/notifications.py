"""Notices of new objects in the landing zone, which S3 sends to one queue for all feeds.

A notice only shows the sensor where to look: what a lost or repeated one concerned, the next
listing finds. It leaves the queue when the sensor that it concerns has stored what it saw.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from threading import Lock
from typing import Any
from urllib.parse import unquote_plus

HIDDEN = 300
"""Seconds that a received message stays invisible to others; then it is given out again."""
MESSAGES = 100
"""Messages of one look at the queue, and notices of one tick: its cursor holds their receipts."""
_BATCH = 10


@dataclass(frozen=True)
class Notice:
    """A message about new objects: what takes it off the queue, and their keys in the zone."""

    receipt: str
    keys: tuple[str, ...]


@dataclass
class _Received:
    notice: Notice
    until: float
    given_to: set[str] = field(default_factory=set)


@dataclass
class Notifications:
    """The queue of a landing zone, drained by whichever feed's sensor comes first.

    prefix: what the zone's keys start with in the bucket. Notices are kept in this process until
    the sensors that they concern come by, or until the queue gives them out again.
    """

    region: str
    queue: str
    prefix: str
    _kept: list[_Received] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)
    _url: str = ""

    def of_feed(self, feed: str, folder: str) -> list[Notice]:
        """Return the new notices about a feed's folder."""
        inside = f"{folder.strip('/')}/" if folder.strip("/") else ""
        given: list[Notice] = []
        with self._lock:
            self._kept = [r for r in self._kept if r.until > time.monotonic()]
            self._receive()
            for received in self._kept:
                keys = tuple(k for k in received.notice.keys if k.startswith(inside))
                if keys and feed not in received.given_to and len(given) < MESSAGES:
                    received.given_to.add(feed)
                    given.append(Notice(received.notice.receipt, keys))
        return given

    def done(self, receipts: Sequence[str]) -> None:
        """Delete messages from the queue."""
        for start in range(0, len(receipts), _BATCH):
            entries = [
                {"Id": str(number), "ReceiptHandle": receipt}
                for number, receipt in enumerate(receipts[start : start + _BATCH])
            ]
            # One that is not deleted comes again, and is then deleted.
            self._sqs.delete_message_batch(QueueUrl=self._queue_url(), Entries=entries)

    @property
    def _sqs(self) -> Any:
        from resources.account.client import client

        return client("sqs", self.region)

    def _queue_url(self) -> str:
        if not self._url:
            self._url = str(self._sqs.get_queue_url(QueueName=self.queue)["QueueUrl"])
        return self._url

    def _receive(self) -> None:
        """Drain the queue, as far as one look goes; messages that concern no object are deleted."""
        of_nothing: list[str] = []
        for _ in range(MESSAGES // _BATCH):
            until = time.monotonic() + HIDDEN
            found = self._sqs.receive_message(
                QueueUrl=self._queue_url(), MaxNumberOfMessages=_BATCH, VisibilityTimeout=HIDDEN
            ).get("Messages", [])
            for message in found:
                inside = (k for k in keys_of(message["Body"]) if k.startswith(self.prefix))
                keys = tuple(k.removeprefix(self.prefix) for k in inside)
                receipt = message["ReceiptHandle"]
                if keys:
                    self._kept.append(_Received(Notice(receipt, keys), until))
                else:
                    of_nothing.append(receipt)
            if not found:
                break
        self.done(of_nothing)


def keys_of(body: str) -> Iterator[str]:
    """Yield the keys that a message is about: an event of EventBridge, or of S3 itself."""
    try:
        event = json.loads(body)
    except ValueError:
        return
    if not isinstance(event, dict):
        return
    if "detail" in event:
        yield str(event["detail"].get("object", {}).get("key", ""))
    for record in event.get("Records", ()):
        # S3's own events, unlike those of EventBridge, write keys as in an address.
        yield unquote_plus(record["s3"]["object"]["key"])


@cache
def notifications(region: str, queue: str, landing: str) -> Notifications:
    """Return this process's only reader of an environment's queue; landing: an s3:// address."""
    _, _, prefix = landing.removeprefix("s3://").partition("/")
    return Notifications(region, queue, f"{prefix}/")
