"""All that one load of the profile store has written: profiles, and what they consist of."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from resources.dynamodb.items import TWICE, Item, item_texts, kinds_of
from resources.dynamodb.table import (
    BRANCH,
    CLIENT,
    INDEX,
    KEY,
    branch_of,
    columns_key,
    count_key,
    partitions,
)
from resources.dynamodb.writer import BatchWriter, Request
from resources.protocols.profile_store import ProfileStoreError, Served
from resources.side_by_side import side_by_side

if TYPE_CHECKING:
    import pyarrow as pa

INDEX_SECONDS = 300.0
"""How long the index may take to have what the table has; it is milliseconds as a rule."""


@dataclass
class Contents:
    """What has been read of the rows: columns, profiles of each key of the index, client ids."""

    generation: int
    kinds: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    clients: list[Any] = field(default_factory=list)

    def items(self, batch: pa.RecordBatch) -> Iterator[Item]:
        """Yield the items of a batch, counted."""
        import pyarrow.compute as pc

        self.kinds = kinds_of(batch.schema)
        clients = batch.column(CLIENT)
        if pc.count_distinct(clients, mode="all").as_py() != len(clients):
            raise ProfileStoreError(TWICE)
        self.clients.append(clients)
        for text in item_texts(batch, self.generation):
            item: Item = json.loads(text)
            self.counts[item[BRANCH]["S"]] += 1
            yield item

    def closing_items(self) -> Iterator[Item]:
        """Yield the items that readers need beside profiles; refuse a client that came twice."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if self.clients:
            clients = pa.chunked_array(self.clients)
            if pc.count_distinct(clients, mode="all").as_py() != len(clients):
                raise ProfileStoreError(TWICE)
        yield {**columns_key(self.generation), "kinds": {"S": json.dumps(self.kinds)}}
        for key, count in self.counts.items():
            if (branch := branch_of(key)) is not None:
                yield {**count_key(self.generation, branch), "profiles": {"N": str(count)}}


class Generation:
    """The items of one load in a table."""

    def __init__(self, number: int, writer: BatchWriter) -> None:
        self.number = number
        self._writer = writer

    def write(self, rows: Iterable[pa.RecordBatch]) -> int:
        """Write the profiles; return how many, once table and index have all of them."""
        contents = Contents(self.number)
        written = sum(self._writer.write(map(_put, contents.items(batch))) for batch in rows)
        self._writer.write(map(_put, contents.closing_items()))
        self._await(contents.counts)
        return written

    def remove(self) -> None:
        """Remove all of it, also what a killed load left of it."""
        self._writer.write(
            {"DeleteRequest": {"Key": {KEY: item[KEY], CLIENT: item[CLIENT]}}}
            for partition in partitions(self.number)
            for page in self._pages(KEY, partition, ConsistentRead=True, **_KEYS)
            for item in page["Items"]
        )

    def _await(self, counts: Mapping[str, int]) -> None:
        """Wait until the index shows every profile: it follows the table."""
        until, missing = time.monotonic() + INDEX_SECONDS, list(counts)
        while missing := [
            key
            for key, shown in zip(missing, side_by_side(self._shown, missing), strict=True)
            if shown != counts[key]
        ]:
            self._writer.still()
            if time.monotonic() > until:
                raise ProfileStoreError(
                    f"the index {INDEX} does not show {len(missing)} branches whole after "
                    f"{INDEX_SECONDS:.0f} seconds; what was served stays. Is it being built?"
                )
            time.sleep(0.2)

    def _shown(self, branch: str) -> int:
        pages = self._pages(BRANCH, branch, IndexName=INDEX, Select="COUNT")
        return sum(int(page["Count"]) for page in pages)

    def _pages(self, key: str, value: str, **options: Any) -> Iterator[dict[str, Any]]:
        names = {"#key": key, **options.pop("ExpressionAttributeNames", {})}
        yield from self._writer.dynamo.get_paginator("query").paginate(
            TableName=self._writer.table,
            KeyConditionExpression="#key = :value",
            ExpressionAttributeNames=names,
            ExpressionAttributeValues={":value": {"S": value}},
            **options,
        )


_KEYS = {
    "ProjectionExpression": "#key, #client",
    "ExpressionAttributeNames": {"#client": CLIENT},
}


def served_of(pointer: Mapping[str, Any]) -> Served | None:
    """Return what is served by the pointer; None before the first load has ended."""
    if "business_date" not in pointer:
        return None
    date = dt.date.fromisoformat(pointer["business_date"]["S"])
    return Served(date, pointer["version"]["S"])


def number_of(pointer: Mapping[str, Any], name: str) -> int:
    """Return a number of the pointer, 0 if it has none yet."""
    return int(pointer[name]["N"]) if name in pointer else 0


def _put(item: Item) -> Request:
    return {"PutRequest": {"Item": item}}
