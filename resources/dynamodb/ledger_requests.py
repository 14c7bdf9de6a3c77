"""Requests to the ledger's table: consistent reads, writes of all or nothing, each tried again."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from resources.account.client import client
from resources.account.errors import code_of, explained
from resources.dynamodb.ledger_table import ENTRY, SUBJECT, Key
from resources.dynamodb.waits import jittered
from resources.dynamodb.writer import BatchWriter, Request
from resources.protocols.ledger import LedgerError

if TYPE_CHECKING:
    from resources.dynamodb.items import Item

MOST_CHANGES = 100
"""Items that DynamoDB takes in one transaction."""
ATTEMPTS = 12
WRITE_UNITS = 1_000
"""Write capacity units a second at most, of writes that are no transaction."""
_UNMET = "ConditionalCheckFailed"
_PASSING = frozenset(
    {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded", "RequestLimit"}
)
_NEW = f"attribute_not_exists({SUBJECT})"
_FIRST_WAIT, _LONGEST_WAIT = 0.02, 5.0


class LedgerTable:
    """The table `name`; what fails raises AwsError or LedgerError with no value in it."""

    def __init__(self, name: str, region: str) -> None:
        self.name, self._region = name, region
        self._what = f"the ledger, DynamoDB table {name}"

    def item(self, where: Key) -> Item:
        """Return an item as it is now; empty if there is none."""
        with explained("read", self._what):
            answer = self._dynamo.get_item(TableName=self.name, Key=where, ConsistentRead=True)
        return dict(answer.get("Item", {}))

    def items(self, subject: str, *, after: str = "", start: str = "") -> Iterator[Item]:
        """Yield the items of a subject by entry: all, those after one, or those that start so."""
        condition, values = "#subject = :subject", {":subject": {"S": subject}}
        if after:
            condition += " AND #entry > :entry"
        elif start:
            condition += " AND begins_with(#entry, :entry)"
        names = {"#subject": SUBJECT}
        if after or start:
            names["#entry"], values[":entry"] = ENTRY, {"S": after or start}
        with explained("read", self._what):
            pages = self._dynamo.get_paginator("query").paginate(
                TableName=self.name,
                KeyConditionExpression=condition,
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
                ConsistentRead=True,
            )
            for page in pages:
                yield from page["Items"]

    def put_once(self, item: Item) -> bool:
        """Write an item; False if there is one of its key."""
        return not self.transact([self.new(item)])

    def new(self, item: Item) -> Request:
        """Return the change that writes an item of which the key is not taken."""
        return {"Put": {"TableName": self.name, "Item": item, "ConditionExpression": _NEW}}

    def transact(self, changes: Sequence[Request]) -> frozenset[int]:
        """Make all changes or none; return the places of those whose conditions were not met.

        None are left when it was done.
        """
        # A repeated request under one token is answered as the first one was.
        token = uuid.uuid4().hex
        for attempt in range(ATTEMPTS):
            reasons = self._attempt(changes, token)
            unmet = frozenset(n for n, reason in enumerate(reasons) if reason == _UNMET)
            if unmet or not reasons:
                return unmet
            if other := sorted(set(reasons) - _PASSING - {"None"}):
                raise LedgerError(
                    f"The ledger, DynamoDB table {self.name}, refused a transaction"
                    f" ({', '.join(other)}): nothing of it was written. Run it again; if it is"
                    " refused again, report it with this text."
                )
            pause(attempt)
        raise LedgerError(
            f"The ledger, DynamoDB table {self.name}, took a transaction in none of {ATTEMPTS}"
            " attempts: others write the same feed, or DynamoDB throttles. Nothing of it was"
            " written: run it again, with less at the same time."
        )

    def write(self, requests: Iterable[Request]) -> None:
        """Put and delete items, each for itself, in no order."""
        given = list(requests)
        if given:
            BatchWriter(self._dynamo, self.name, WRITE_UNITS, lambda: None).write(given)

    def _attempt(self, changes: Sequence[Request], token: str) -> list[str]:
        """Return why each change was refused ("None" if not for its own sake); empty if done."""
        from botocore.exceptions import ClientError

        with explained("write", self._what):
            try:
                self._dynamo.transact_write_items(
                    TransactItems=list(changes), ClientRequestToken=token
                )
            except ClientError as error:
                if code_of(error) != "TransactionCanceledException":
                    raise
                answer: dict[str, Any] = error.response
                return [str(r.get("Code", "None")) for r in answer.get("CancellationReasons", ())]
        return []

    @property
    def _dynamo(self) -> Any:
        return client("dynamodb", self._region)


def pause(attempt: int) -> None:
    """Wait before an attempt is repeated: longer each time, and not as long as others do."""
    time.sleep(jittered(attempt, _FIRST_WAIT, _LONGEST_WAIT))
