"""The DynamoDB table of the profile store: its keys, its index, and what its items are named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from customer360_assets.aws_names import AwsNames

KEY = "item"
"""Partition key: generation and share of a profile; else the name of the item."""
CLIENT = "client_id"
"""Sort key: the profile's own client_id; 0 of an item that is no profile."""
BRANCH = "branch"
"""Partition key of the index: generation and branch; absent where the branch is unknown."""
INDEX = "by_branch"
SHARES = 64
"""How many partition keys a generation is spread over."""


def definition(names: AwsNames) -> dict[str, Any]:
    """Give what CreateTable and a stack need: on demand, one index that holds keys only."""
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


def profile_key(generation: int, client_id: int) -> str:
    """Give the partition key of a client's profile."""
    return share_key(generation, client_id % SHARES)


def share_key(generation: int, share: int) -> str:
    """Give a partition key of a generation's profiles."""
    return f"{generation}/{share:02d}"


def branch_key(generation: int, branch_id: int) -> str:
    """Give the index's key of a branch."""
    return f"{generation}/{branch_id}"


def _keys(partition: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": CLIENT, "KeyType": "RANGE"},
    ]
