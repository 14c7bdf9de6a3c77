"""How the emulator reads the files of an import: mended, so that it is what DynamoDB reads."""

from __future__ import annotations

import json
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def json_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read each line as JSON: the emulator's own reader takes no escape for what it is."""
    from py_partiql_parser import JsonParser

    def parse(original: str) -> list[Any]:
        return [json.loads(line) for line in original.splitlines()]

    monkeypatch.setattr(JsonParser, "parse", staticmethod(parse))
