"""What holds for every test."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator

import pytest

from tests.engines.fixtures import trino  # noqa: F401 - a fixture of every folder

# Files of tests are whole when they are delivered: no command has to wait for them.
os.environ.setdefault("CUSTOMER360_SETTLE_SECONDS", "0")

# A tenth of a run's time went into looking through what the imports left for good.
gc.set_threshold(20_000, 20, 50)


# What a script starts with `&` ignores SIGINT, and would hand that to every process of a test.
_USUAL = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
for _number, _handler in _USUAL.items():
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _handler)


def pytest_xdist_auto_num_workers() -> int:
    """Return one worker more than there are cores: tests wait a fifth of their time."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture(autouse=True)
def _same_signals() -> Iterator[None]:
    """Restore the signal handlers after a test: Dagster leaves others than it found."""
    before = {number: signal.getsignal(number) for number in _USUAL}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(autouse=True)
def _same_variables() -> Iterator[None]:
    """Restore variables and umask after a test, whatever its fixtures and commands did."""
    before, umask = dict(os.environ), os.umask(0o022)
    os.umask(umask)
    yield
    os.umask(umask)
    os.environ.clear()
    os.environ.update(before)
