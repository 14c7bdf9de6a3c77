"""Waiting for what happens elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.patience import PATIENCE


def wait_for(holds: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait until something holds; fail when it does not."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
