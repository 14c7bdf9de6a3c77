"""An empty bank, and short ways to put clients, accounts and transactions into it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.dimensions.small_bank import SmallBank


@pytest.fixture
def bank() -> Iterator[SmallBank]:
    """Every raw and stage table, without rows."""
    empty = SmallBank()
    yield empty
    empty.close()
