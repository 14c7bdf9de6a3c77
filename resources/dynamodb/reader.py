"""Reading the profile store on DynamoDB: of one generation, whole."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from resources.account.client import client
from resources.account.errors import AwsError
from resources.dynamodb.generation import number_of
from resources.dynamodb.items import Item, profile_of
from resources.dynamodb.table import (
    BRANCH,
    CLIENT,
    INDEX,
    KEY,
    branch_key,
    columns_key,
    count_key,
    pointer_key,
    profile_key,
)
from resources.dynamodb.waits import jittered
from resources.protocols.profile_store import Profile
from resources.side_by_side import side_by_side

PER_READ = 100
PATIENCE_SECONDS = 30.0
_INDEX_WAIT = 0.05
_FIRST_WAIT, _LONGEST_WAIT = 0.02, 2.0

Key = dict[str, dict[str, str]]


class DynamoReader:
    """Profiles of the generation that is served."""

    def __init__(self, table: str, region: str) -> None:
        self._table, self._region = table, region
        self._kinds: tuple[int, dict[str, str]] = (0, {})

    def get(self, client_id: int) -> Profile | None:
        """Return a client's profile; None if there is no such client."""

        def read(generation: int) -> list[Item]:
            item = self._item(profile_key(generation, client_id))
            return [item] if item else []

        found = self._of_one_generation(read, enough=1)
        return found[0] if found else None

    def by_branch(self, branch_id: int) -> list[Profile]:
        """Return the profiles of a branch's clients, by client_id."""
        found = self._of_one_generation(lambda g: self._branch(g, branch_id))
        return sorted(found, key=lambda profile: int(profile[CLIENT]))

    def pointer(self) -> Item:
        """Return the pointer as it is now; empty before the first load."""
        return self._item(pointer_key())

    def _of_one_generation(
        self, read: Callable[[int], list[Item] | None], enough: int | None = None
    ) -> list[Profile]:
        """Return what is read from the generation that was served before and after the read.

        `enough` items need no second look. A generation that is no longer served is being removed:
        what was read of it may not be whole.
        """
        until = time.monotonic() + PATIENCE_SECONDS
        generation = number_of(self.pointer(), "serving")
        while generation:
            items, kinds = read(generation), self._columns(generation)
            if items is not None and kinds is not None:
                if len(items) == enough:
                    return [profile_of(item, kinds) for item in items]
                if number_of(self.pointer(), "serving") == generation:
                    return [profile_of(item, kinds) for item in items]
            if time.monotonic() > until:
                raise AwsError(
                    f"Cannot read {self._table}: for {PATIENCE_SECONDS:.0f} seconds its index and "
                    "its items did not agree. Load the profiles again.",
                    "Inconsistent",
                    transient=True,
                )
            if items is None:
                time.sleep(_INDEX_WAIT)
            generation = number_of(self.pointer(), "serving")
        return []

    def _branch(self, generation: int, branch_id: int) -> list[Item] | None:
        """Return a branch's items; None while the index or the table does not show all of them."""
        counted = self._item(count_key(generation, branch_id))
        if not counted:
            return []
        pages = self._dynamo.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=INDEX,
            KeyConditionExpression="#branch = :branch",
            ExpressionAttributeNames={"#branch": BRANCH},
            ExpressionAttributeValues={":branch": {"S": branch_key(generation, branch_id)}},
        )
        keys = [{KEY: i[KEY], CLIENT: i[CLIENT]} for page in pages for i in page["Items"]]
        parts = [keys[start : start + PER_READ] for start in range(0, len(keys), PER_READ)]
        items = [item for part in side_by_side(self._items, parts) for item in part]
        return items if len(items) == int(counted["profiles"]["N"]) else None

    def _items(self, keys: list[Key]) -> list[Item]:
        """Return the items of up to a hundred keys, as they are now."""
        items, waiting, attempt = list[Item](), keys, 0
        while waiting:
            asked = {self._table: {"Keys": waiting, "ConsistentRead": True}}
            answer = self._dynamo.batch_get_item(RequestItems=asked)
            items += answer["Responses"].get(self._table, [])
            waiting = answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", [])
            if waiting:
                time.sleep(jittered(attempt, _FIRST_WAIT, _LONGEST_WAIT))
                attempt += 1
        return items

    def _columns(self, generation: int) -> dict[str, str] | None:
        """Return the kinds of a generation's columns; None if it is being removed."""
        if self._kinds[0] != generation:
            found = self._item(columns_key(generation))
            if not found:
                return None
            self._kinds = (generation, json.loads(found["kinds"]["S"]))
        return self._kinds[1]

    def _item(self, key: Key) -> Item:
        answer = self._dynamo.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return dict(answer.get("Item", {}))

    @property
    def _dynamo(self) -> Any:
        return client("dynamodb", self._region)
