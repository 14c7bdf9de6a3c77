"""What holds for every test."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest

from tests.engines.fixtures import trino  # noqa: F401 - a fixture of every folder

# Files of tests are whole when they are delivered: no command has to wait for them.
os.environ.setdefault("CUSTOMER360_SETTLE_SECONDS", "0")

# A tenth of a run's time went into looking through what the imports left for good.
gc.set_threshold(20_000, 20, 50)


@pytest.fixture(autouse=True)
def _same_environment() -> Iterator[None]:
    """Put environment and umask back after a test, whatever its fixtures and commands did to it."""
    before, umask = dict(os.environ), os.umask(0o022)
    os.umask(umask)
    yield
    os.umask(umask)
    os.environ.clear()
    os.environ.update(before)
