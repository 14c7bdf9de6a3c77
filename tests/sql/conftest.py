"""Banks for the SQL tests: an empty one, and one that holds the workshop's deliveries."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sql.sql_bank import Bank
from tests.sql.workshop_files import WORKSHOP, load_workshop


@pytest.fixture
def bank() -> Iterator[Bank]:
    """Every raw and stage table, without rows."""
    empty = Bank()
    yield empty
    empty.close()


@pytest.fixture(scope="module")
def workshop() -> Iterator[Bank]:
    """The workshop's real deliveries in raw, published to stage."""
    if not WORKSHOP.exists():
        pytest.skip(f"the workshop's deliveries are not at {WORKSHOP}")
    loaded = Bank()
    load_workshop(loaded)
    yield loaded
    loaded.close()
