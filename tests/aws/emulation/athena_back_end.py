"""What the emulated Athena runs its queries on: an engine behind a protocol of two steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass
class Answer:
    """What a query gave: its rows, and the bytes that it read."""

    rows: pa.Table
    scanned: int = 0
    kind: str = "DML"


class Query(Protocol):
    """A query that is to be run once."""

    def run(self) -> Answer:
        """Return its answer; Failure when it fails or was stopped."""

    def stop(self) -> None:
        """Stop it; called at any moment, and again until it has ended."""


class BackEnd(Protocol):
    """An engine."""

    def check(self, sql: str) -> None:
        """Raise ValueError for a text that Athena would not take at all."""

    def query(self, sql: str, database: str, memory_limit: str) -> Query:
        """Return a query; names without a database are of `database`."""


# Endpoint and region of the emulated account, and a folder for what the engine keeps.
MakeBackEnd = Callable[[str, str, Path], BackEnd]
