"""The DynamoDB table of the ledger: its keys, and what its items are named.

No attribute has the name of a word that DynamoDB reserves: each of them has an underscore.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, NamedTuple

from resources.protocols.ledger import FileState, Moment, Receipt

if TYPE_CHECKING:
    from resources.account.aws_names import AwsNames
    from resources.dynamodb.items import Item

SUBJECT = "ledger_subject"
"""Partition key: the kind of item, and its feed if it has one."""
ENTRY = "ledger_entry"
"""Sort key: number, delivery, file or name within the subject."""
RECEIPTS = "receipt#"
"""What the subjects of receipts begin with; the code location's role may change none of them."""
NOTES = "note"

Key = dict[str, dict[str, str]]


class Counter(NamedTuple):
    """What a feed has: changes in all, receipts, and results."""

    revision: int
    receipts: int
    results: int


def ledger_definition(names: AwsNames) -> dict[str, Any]:
    """Return the definition for CreateTable and a stack: on demand, two keys of text."""
    kinds = ((SUBJECT, "HASH"), (ENTRY, "RANGE"))
    return {
        "TableName": names.ledger_table,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": n, "AttributeType": "S"} for n, _ in kinds],
        "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in kinds],
    }


def key(subject: str, entry: str) -> Key:
    """Return the key of an item."""
    return {SUBJECT: {"S": subject}, ENTRY: {"S": entry}}


def receipts_of(feed: str) -> str:
    """Return the subject of a feed's receipts."""
    return f"{RECEIPTS}{feed}"


def states_of(feed: str, moment: Moment) -> str:
    """Return the subject of a feed's file states."""
    return f"{moment}#{feed}"


def counter_key(feed: str) -> Key:
    """Return the key of a feed's counter."""
    return key("revision", feed)


def layout_key() -> Key:
    """Return the key of the item that states which releases know the table."""
    return key("ledger", "layout")


def seq_entry(seq: int) -> str:
    """Return the sort key of a receipt; it sorts as its number does."""
    return f"{seq:012d}"


def counter_of(item: Item) -> Counter:
    """Return a feed's counter; zeros of a feed without any."""
    names = ("revision_number", "last_seq", "result_count")
    return Counter(*(int(item[name]["N"]) if name in item else 0 for name in names))


def receipt_item(receipt: Receipt) -> Item:
    """Return the item of a receipt."""
    item: Item = {
        **key(receipts_of(receipt.feed), seq_entry(receipt.seq)),
        "receipt_seq": {"N": f"{receipt.seq}"},
        "file_name": {"S": receipt.file},
        "file_bytes": {"N": f"{receipt.bytes}"},
        "file_sha256": {"S": receipt.sha256},
        "run_date": {"S": f"{receipt.run_date}"},
    }
    if receipt.business_date is not None:
        item["business_date"] = {"S": f"{receipt.business_date}"}
    if receipt.refused is not None:
        item["refused_reason"] = {"S": receipt.refused}
    return item


def receipt_of(feed: str, item: Item) -> Receipt:
    """Return the receipt that an item was made of."""
    date, refused = item.get("business_date"), item.get("refused_reason")
    return Receipt(
        feed,
        int(item["receipt_seq"]["N"]),
        item["file_name"]["S"],
        int(item["file_bytes"]["N"]),
        item["file_sha256"]["S"],
        dt.date.fromisoformat(item["run_date"]["S"]),
        dt.date.fromisoformat(date["S"]) if date else None,
        refused["S"] if refused else None,
    )


def state_item(subject: str, file: str, state: FileState) -> Item:
    """Return the item of a file's state."""
    kept = {"file_state": {"S": state.state}, "file_sha256": {"S": state.sha256}}
    return {**key(subject, file), **kept}


def state_of(item: Item) -> FileState:
    """Return the file state that an item was made of."""
    return FileState(item["file_state"]["S"], item["file_sha256"]["S"])
