"""How long to wait before a request to DynamoDB is repeated."""

from __future__ import annotations

import random


def jittered(attempt: int, first: float, longest: float) -> float:
    """Return seconds to wait after an attempt, counted from 0: at random below a doubling bound.

    At random, so that writers which met each other do not meet again ("full jitter", AWS
    Architecture Blog, "Exponential Backoff And Jitter").
    """
    bound = min(longest, first * 2**attempt)
    return random.uniform(0, bound)  # noqa: S311 - not a secret
