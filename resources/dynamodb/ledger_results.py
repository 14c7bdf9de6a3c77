"""Results of parsing in the ledger's table: compressed, a large one in parts, each whole.

The parts of a large result are written before its own item, under the hash of their bytes: a writer
that is killed between them leaves nothing that a reader finds.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from resources.dynamodb.ledger_requests import ATTEMPTS, MOST_CHANGES, LedgerTable, pause
from resources.dynamodb.ledger_table import ENTRY, SUBJECT, counter_key, counter_of, key
from resources.dynamodb.writer import Request
from resources.protocols.ledger import LedgerError, Result

if TYPE_CHECKING:
    from resources.dynamodb.items import Item

PART_BYTES = 350_000
"""Bytes of a compressed result in one item: DynamoDB takes 400 KB with names and keys."""
TRANSACTION_BYTES = 3_500_000
"""Bytes of the results of one transaction: DynamoDB takes 4 MB."""
_OWN_BYTES = 1_000
"""Bytes of an item besides those of its result, at most."""


class _Packed(NamedTuple):
    """A result as items: its own one, and the parts of a large one."""

    head: Item
    parts: list[Item]
    bytes: int


class LedgerResults:
    """The results of feeds; those of a feed are read again only if its revision has changed."""

    def __init__(self, table: LedgerTable) -> None:
        self._table = table
        self._known: dict[str, tuple[int, list[Result]]] = {}

    def read(self, feed: str) -> list[Result]:
        """Return all results of a feed, by delivery and fingerprint."""
        for attempt in range(ATTEMPTS):
            counted = counter_of(self._table.item(counter_key(feed)))
            known = self._known.get(feed)
            if known is not None and known[0] == counted.revision:
                return list(known[1])
            heads = list(self._table.items(f"result#{feed}")) if counted.results else []
            # A query may miss items of a transaction whose counter it follows.
            if len(heads) >= counted.results:
                found = sorted(r for head in heads if (r := self._unpacked(feed, head)) is not None)
                self._known[feed] = counted.revision, found
                return list(found)
            pause(attempt)
        raise LedgerError(
            f"The ledger, DynamoDB table {self._table.name}, lacks results of feed {feed} that it"
            " counts. Restore the table to a minute in which no intake ran (docs/aws.md)."
        )

    def note(self, feed: str, results: Sequence[Result]) -> None:
        """Keep results, the first one of a delivery and fingerprint, some in each transaction."""
        first = {(r.delivery_id, r.fingerprint): r for r in reversed(results)}
        for batch in _batches([_packed(feed, result) for result in first.values()]):
            self._table.write({"PutRequest": {"Item": part}} for p in batch for part in p.parts)
            pending = [packed.head for packed in batch]
            while pending:
                changes = [self._table.new(head) for head in pending]
                taken = self._table.transact([*changes, self._count(feed, len(pending))])
                if not taken:
                    break
                pending = [head for n, head in enumerate(pending) if n not in taken]

    def forget(self, feed: str, delivery_id: str, fingerprint: str) -> None:
        """Delete a result, then its parts: nobody finds them any more."""
        where = _key(feed, delivery_id, fingerprint)
        head = self._table.item(where)
        if not head:
            return
        exists = {
            "TableName": self._table.name,
            "Key": where,
            "ConditionExpression": f"attribute_exists({SUBJECT})",
        }
        if not self._table.transact([{"Delete": exists}, self._count(feed, -1)]):
            self._table.write(
                {"DeleteRequest": {"Key": {SUBJECT: part[SUBJECT], ENTRY: part[ENTRY]}}}
                for part in self._parts(feed, head)
            )

    def _count(self, feed: str, results: int) -> Request:
        return {
            "Update": {
                "TableName": self._table.name,
                "Key": counter_key(feed),
                "UpdateExpression": "ADD revision_number :one, result_count :results",
                "ExpressionAttributeValues": {
                    ":one": {"N": "1"},
                    ":results": {"N": f"{results}"},
                },
            }
        }

    def _unpacked(self, feed: str, head: Item) -> Result | None:
        """Return a result; None if parts are missing: its delivery is as good as not parsed."""
        compressed = (
            _bytes(head)
            if "result_zlib" in head
            else b"".join(_bytes(part) for part in self._parts(feed, head))
        )
        if hashlib.sha256(compressed).hexdigest() != head["result_sha256"]["S"]:
            return None
        text = zlib.decompress(compressed).decode()
        return Result(head["delivery_id"]["S"], head["parsed_under"]["S"], text)

    def _parts(self, feed: str, head: Item) -> list[Item]:
        if "result_zlib" in head:
            return []
        start = f"{head[ENTRY]['S']}#{head['result_sha256']['S']}#"
        return list(self._table.items(f"part#{feed}", start=start))


def _key(feed: str, delivery_id: str, fingerprint: str) -> dict[str, dict[str, str]]:
    return key(f"result#{feed}", f"{delivery_id}#{fingerprint}")


def _bytes(item: Item) -> bytes:
    return bytes(item["result_zlib"]["B"])


def _packed(feed: str, result: Result) -> _Packed:
    compressed = zlib.compress(result.text.encode())
    digest = hashlib.sha256(compressed).hexdigest()
    head: Item = {
        **_key(feed, result.delivery_id, result.fingerprint),
        "delivery_id": {"S": result.delivery_id},
        "parsed_under": {"S": result.fingerprint},
        "result_sha256": {"S": digest},
    }
    if len(compressed) <= PART_BYTES:
        return _Packed({**head, "result_zlib": {"B": compressed}}, [], len(compressed))
    parts: list[Item] = [
        {
            **key(f"part#{feed}", f"{head[ENTRY]['S']}#{digest}#{start // PART_BYTES:06d}"),
            "result_zlib": {"B": compressed[start : start + PART_BYTES]},
        }
        for start in range(0, len(compressed), PART_BYTES)
    ]
    return _Packed(head, parts, 0)


def _batches(packed: Sequence[_Packed]) -> Iterator[list[_Packed]]:
    """Yield the results of a transaction each: its last change is the counter's."""
    batch: list[_Packed] = []
    size = 0
    for one in packed:
        size += one.bytes + _OWN_BYTES
        if batch and (size > TRANSACTION_BYTES or len(batch) == MOST_CHANGES - 1):
            yield batch
            batch, size = [], one.bytes + _OWN_BYTES
        batch.append(one)
    if batch:
        yield batch
