"""Requests side by side: a request to S3 is waiting, not work."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

AT_ONCE = 16

_In = TypeVar("_In")
_Out = TypeVar("_Out")


def side_by_side(task: Callable[[_In], _Out], items: Iterable[_In]) -> list[_Out]:
    """Return each item's result in the items' order; raise the first failure in that order."""
    given = list(items)
    if len(given) < 2:  # noqa: PLR2004 - one needs no thread
        return [task(item) for item in given]
    with ThreadPoolExecutor(min(AT_ONCE, len(given))) as pool:
        return list(pool.map(task, given))
