"""A Trino for all tests of a session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engines.installed import demand
from tests.engines.trino_client import Trino
from tests.engines.trino_server import trino_server


@pytest.fixture(scope="session")
def trino(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trino]:
    """A Trino without a catalog; it starts with the first test that asks for it."""
    demand()
    with trino_server(tmp_path_factory.mktemp("trino")) as url:
        yield Trino(url)
