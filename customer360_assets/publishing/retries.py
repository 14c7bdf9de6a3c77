"""Which failures pass by themselves: those are tried again, the others are an operator's."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import ParamSpec, TypeVar, cast

import dagster as dg

ATTEMPTS = 3
FIRST_WAIT = 10.0
"""Seconds before the first retry; each later one waits three times as long."""
PASSING = {
    "CommitConflictError",  # another run published first
    "CommitFailedException",
    "CommitStateUnknownException",
    "ConnectError",
    "ConnectTimeout",
    "ConnectionError",
    "ConnectionResetError",
    "ReadTimeout",
    "TimeoutError",
}
LOCKED = "database is locked"
Event = TypeVar("Event")
Given = ParamSpec("Given")


def passes(error: BaseException) -> bool:
    """Return whether an error is transient: a conflict, throttling, a lost connection.

    A service's own error says so in `transient`; a refused candidate (dg.Failure) never passes.
    """
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, dg.Failure):
            return False
        if getattr(seen, "transient", False) or type(seen).__name__ in PASSING:
            return True
        if LOCKED in str(seen):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def retried(body: Callable[Given, Iterator[Event]]) -> Callable[Given, Iterator[Event]]:
    """Return an asset's body that is retried after a transient failure."""

    @functools.wraps(body)
    def attempt(*given: Given.args, **named: Given.kwargs) -> Iterator[Event]:
        try:
            yield from body(*given, **named)
        except Exception as error:
            if not passes(error):
                raise
            context = cast(dg.AssetExecutionContext, given[0])
            tries = context.op_execution_context.retry_number
            wait = FIRST_WAIT * 3**tries
            context.log.warning(
                f"{type(error).__name__}: this is transient; attempt {tries + 2} of"
                f" {ATTEMPTS + 1} follows in {wait:.0f} s."
            )
            raise dg.RetryRequested(max_retries=ATTEMPTS, seconds_to_wait=wait) from error

    return attempt
