"""The ledger of an environment: one DynamoDB table, for any number of processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from resources.dynamodb.ledger_layout import refuse_unready
from resources.dynamodb.ledger_requests import ATTEMPTS, LedgerTable, pause
from resources.dynamodb.ledger_results import LedgerResults
from resources.dynamodb.ledger_table import (
    ENTRY,
    NOTES,
    counter_key,
    counter_of,
    key,
    receipt_item,
    receipt_of,
    receipts_of,
    seq_entry,
    state_item,
    state_of,
    states_of,
)
from resources.dynamodb.writer import Request
from resources.protocols.ledger import (
    MOST_RECEIPTS,
    FileState,
    LedgerError,
    Moment,
    Receipt,
    Result,
)


class DynamoLedger:
    """A Ledger in the table `table`; it keeps in memory what it has read and never changes.

    archive: the S3 address of the environment's archive. An environment of an earlier release,
    whose receipts are there, is refused; without the address nothing is looked for.
    """

    def __init__(self, table: str, region: str, archive: str | None = None) -> None:
        self._given = LedgerTable(table, region)
        self._region, self._archive = region, archive
        self._receipts: dict[str, list[Receipt]] = {}
        self._states: dict[tuple[str, Moment], dict[str, FileState]] = {}

    @cached_property
    def table(self) -> LedgerTable:
        """The table, of a layout that this release knows; the first use looks at it."""
        if self._archive is not None:
            refuse_unready(self._given, self._archive, self._region)
        return self._given

    @cached_property
    def _results(self) -> LedgerResults:
        return LedgerResults(self.table)

    def begin(self) -> None:
        """See Ledger. The first use of the table is as good."""
        _ = self.table

    def revision(self, feed: str) -> int:
        """See Ledger."""
        return counter_of(self.table.item(counter_key(feed))).revision

    def receipts(self, feed: str) -> list[Receipt]:
        """See Ledger. Only those that this process has not read yet are asked for."""
        known = self._receipts.get(feed, [])
        last = counter_of(self.table.item(counter_key(feed))).receipts
        for attempt in range(ATTEMPTS):
            if len(known) < last:
                known = self._receipts[feed] = self._more(feed, known)
            if len(known) >= last:
                return list(known)
            pause(attempt)
        raise LedgerError(
            f"The ledger, DynamoDB table {self.table.name}, lacks receipt {len(known) + 1} of feed"
            f" {feed} and counts {last}. Restore the table to a minute in which no intake ran"
            " (docs/aws.md): the receipts decide which delivery is in force."
        )

    def register(self, receipts: Sequence[Receipt]) -> bool:
        """See Ledger."""
        if not receipts:
            return True
        feed, first = receipts[0].feed, receipts[0].seq
        if len(receipts) > MOST_RECEIPTS or any(r.feed != feed for r in receipts):
            raise ValueError(f"register takes {MOST_RECEIPTS} receipts of one feed at most")
        if [r.seq for r in receipts] != list(range(first, first + len(receipts))):
            return False
        changes = [self.table.new(receipt_item(receipt)) for receipt in receipts]
        return not self.table.transact([self._follows(feed, first, receipts[-1].seq), *changes])

    def results(self, feed: str) -> list[Result]:
        """See Ledger."""
        return self._results.read(feed)

    def note_results(self, feed: str, results: Sequence[Result]) -> None:
        """See Ledger. Of many, some in each transaction."""
        self._results.note(feed, results)

    def forget_result(self, feed: str, delivery_id: str, fingerprint: str) -> None:
        """See Ledger."""
        self._results.forget(feed, delivery_id, fingerprint)

    def states(self, feed: str, moment: Moment) -> dict[str, FileState]:
        """See Ledger."""
        found = {i[ENTRY]["S"]: state_of(i) for i in self.table.items(states_of(feed, moment))}
        self._states[feed, moment] = found
        return dict(found)

    def note_states(self, feed: str, moment: Moment, states: Mapping[str, FileState]) -> None:
        """See Ledger. Only what differs is written, each file for itself.

        It differs from what this process has read last, if it has not written since.
        """
        if (feed, moment) not in self._states:
            self.states(feed, moment)
        kept, subject = self._states.pop((feed, moment)), states_of(feed, moment)
        changes: list[Request] = [
            {"DeleteRequest": {"Key": key(subject, file)}} for file in kept.keys() - states.keys()
        ]
        changes += [
            {"PutRequest": {"Item": state_item(subject, file, state)}}
            for file, state in states.items()
            if kept.get(file) != state
        ]
        self.table.write(changes)

    def note(self, name: str, text: str) -> str:
        """See Ledger."""
        if self.table.put_once({**key(NOTES, name), "note_text": {"S": text}}):
            return text
        return self.noted(name) or ""

    def noted(self, name: str) -> str | None:
        """See Ledger."""
        item = self.table.item(key(NOTES, name))
        return str(item["note_text"]["S"]) if item else None

    def _more(self, feed: str, known: list[Receipt]) -> list[Receipt]:
        """Return the known receipts and those after them, up to the first that is missing.

        A query may miss items of a transaction whose others it finds.
        """
        found = list(known)
        for item in self.table.items(receipts_of(feed), after=seq_entry(len(known))):
            receipt = receipt_of(feed, item)
            if receipt.seq != len(found) + 1:
                break
            found.append(receipt)
        return found

    def _follows(self, feed: str, first: int, last: int) -> Request:
        """Return the change that counts receipts, if `first` follows the last one."""
        values = {":one": {"N": "1"}, ":last": {"N": f"{last}"}}
        condition = "attribute_not_exists(last_seq)"
        if first != 1:
            condition, values[":before"] = "last_seq = :before", {"N": f"{first - 1}"}
        return {
            "Update": {
                "TableName": self.table.name,
                "Key": counter_key(feed),
                "UpdateExpression": "ADD revision_number :one SET last_seq = :last",
                "ConditionExpression": condition,
                "ExpressionAttributeValues": values,
            }
        }
