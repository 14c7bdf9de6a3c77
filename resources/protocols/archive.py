"""The archive: delivered bytes by their SHA-256, for ever."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from resources.protocols.errors import ExplainedError

CHUNK = 1 << 20


class ArchiveError(ExplainedError, RuntimeError):
    """The archive does not hold what it should; the text names the object, no value of it."""


@dataclass(frozen=True)
class Content:
    """Archived bytes: their SHA-256 (hex) and how many there are."""

    sha256: str
    bytes: int


class Archive(Protocol):
    """What intake and raw need of an archive; every step is atomic."""

    def put(self, chunks: Iterable[bytes]) -> Content:
        """Keep the bytes; bytes that are there already are not written again."""
        ...

    def holds(self, sha256: str, size: int) -> bool:
        """Return whether so many bytes are kept; they are not read."""
        ...

    def path(self, sha256: str) -> Path:
        """Return a local, read-only file of these bytes; FileNotFoundError if they are not kept."""
        ...

    def share(self, folder: Path) -> None:
        """Publish a parsed folder of the lake to other workers, before its result is noted."""
        ...

    def parsed_here(self, folder: Path) -> frozenset[str] | None:
        """Return the names of the parsed folders below one of the lake.

        None where a service keeps them, which loses none.
        """
        ...
