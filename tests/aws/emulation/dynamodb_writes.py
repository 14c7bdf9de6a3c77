"""Writes to moto's DynamoDB one after the other, as far as a table is concerned.

A table is a `defaultdict` whose keys have a `__hash__` in Python: of two threads that write the
first items of one partition, each makes the partition, and the item of one is lost. A transaction
that is cancelled puts back the table as it was, and with it what others have written meanwhile.
"""

from __future__ import annotations

import copy
import functools
import threading
from collections.abc import Callable
from typing import Any

_ONE = threading.RLock()
WRITES = ("put_item", "delete_item")
CALLS = (*WRITES, "update_item", "transact_write_items")
_COPIES: dict[int, Any] = {}


def install() -> None:
    """Make every table of this process take one write at a time."""
    from moto.dynamodb.models import DynamoDBBackend
    from moto.dynamodb.models.table import Table

    Table.__deepcopy__ = copied_once  # type: ignore[attr-defined]
    for owner, names in ((Table, WRITES), (DynamoDBBackend, CALLS)):
        for name in names:
            write = getattr(owner, name)
            if not hasattr(write, "__wrapped__"):
                setattr(owner, name, alone(write))


def alone(write: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function for one thread at a time."""

    @functools.wraps(write)
    def alone(*given: Any, **named: Any) -> Any:
        with _ONE:
            try:
                return write(*given, **named)
            finally:
                _COPIES.clear()

    return alone


def copied_once(table: Any, memo: dict[int, Any]) -> Any:
    """Return a copy of a table; moto copies it for each item of a transaction, before the first."""
    if id(table) not in _COPIES:
        made = type(table).__new__(type(table))
        made.__dict__.update(copy.deepcopy(vars(table), memo))
        _COPIES[id(table)] = made
    return _COPIES[id(table)]
