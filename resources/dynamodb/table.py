"""The DynamoDB table of the profile store: its keys, its index, and what its items are named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from resources.account.aws_names import AwsNames

KEY = "item"
"""Partition key: generation and share of a profile; else the name of the item."""
CLIENT = "client_id"
"""Sort key: the profile's own client_id; 0 of an item that is no profile."""
BRANCH = "branch"
"""Partition key of the index: generation and branch."""
POINTER = "pointer"
"""The one item that says what is served, and who loads."""
INDEX = "by_branch"
IMPORTED = 1
"""The generation that an import makes; what loads make has a higher number."""
SHARES = 64
"""How many partition keys a generation is spread over."""


def definition(names: AwsNames) -> dict[str, Any]:
    """Return the definition for CreateTable and a stack: on demand, one index with keys only."""
    return {
        "TableName": names.profile_table,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": KEY, "AttributeType": "S"},
            {"AttributeName": CLIENT, "AttributeType": "N"},
            {"AttributeName": BRANCH, "AttributeType": "S"},
        ],
        "KeySchema": _keys(KEY),
        "GlobalSecondaryIndexes": [
            {
                "IndexName": INDEX,
                "KeySchema": _keys(BRANCH),
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
    }


def profile_key(generation: int, client_id: int) -> dict[str, dict[str, str]]:
    """Return the key of a client's profile."""
    return _key(share_key(generation, client_id % SHARES), client_id)


def share_key(generation: int, share: int) -> str:
    """Return a partition key of a generation's profiles."""
    return f"{generation}/{share:02d}"


def columns_key(generation: int) -> dict[str, dict[str, str]]:
    """Return the key of the item that holds a generation's columns."""
    return _key(f"{generation}/columns", 0)


def count_key(generation: int, branch_id: int) -> dict[str, dict[str, str]]:
    """Return the key of the item that holds the number of a branch's profiles in a generation."""
    return _key(f"{generation}/branches", branch_id)


def partitions(generation: int) -> list[str]:
    """Return the partition keys of everything that belongs to a generation."""
    shares = [share_key(generation, share) for share in range(SHARES)]
    return [*shares, f"{generation}/branches", f"{generation}/columns"]


def pointer_key() -> dict[str, dict[str, str]]:
    """Return the pointer's key."""
    return _key(POINTER, 0)


def branch_key(generation: int, branch_id: int) -> str:
    """Return the index's key of a branch's profiles; of those without one see `dynamo_items`."""
    return f"{generation}/{branch_id}"


def branch_of(key: str) -> int | None:
    """Return the branch of an index key; None for profiles without one."""
    branch = key.partition("/")[2]
    return None if branch.startswith("none") else int(branch)


def _key(partition: str, client_id: int) -> dict[str, dict[str, str]]:
    return {KEY: {"S": partition}, CLIENT: {"N": str(client_id)}}


def _keys(partition: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": CLIENT, "KeyType": "RANGE"},
    ]
