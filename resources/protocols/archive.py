"""The archive: delivered bytes by their SHA-256, for ever, and one receipt per delivery."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
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


@dataclass(frozen=True)
class Receipt:
    """One delivery as it came in. `seq` is its order of arrival within the feed, from 1.

    business_date: stated by the file's name or by the run; None when a column states it.
    refused: why no date could be had of the name, else None.
    """

    feed: str
    seq: int
    file: str
    bytes: int
    sha256: str
    run_date: dt.date
    business_date: dt.date | None
    refused: str | None = None

    def to_json(self) -> str:
        """Return the receipt as it is stored."""
        return json.dumps(asdict(self), default=str, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Receipt:
        """Return the receipt that `to_json` wrote."""
        kept = json.loads(text)
        for name in ("run_date", "business_date"):
            kept[name] = kept[name] and dt.date.fromisoformat(kept[name])
        return cls(**kept)


def read_receipt(where: str | Path, text: bytes) -> Receipt:
    """Return the receipt kept at a path or address; ArchiveError if it is damaged."""
    try:
        return Receipt.from_json(text.decode())
    except (ValueError, TypeError, KeyError, AttributeError):
        raise ArchiveError(
            f"The receipt {where} is damaged. Restore it from a backup: the receipts decide which"
            " delivery is in force. The delivered bytes are kept in the archive's content folder."
        ) from None


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

    def receipts(self, feed: str) -> list[Receipt]:
        """Return a feed's receipts by order of arrival."""
        ...

    def register(self, receipt: Receipt) -> bool:
        """Keep a receipt under its feed and seq; False when another has that number."""
        ...

    def note(self, name: str, text: str) -> str:
        """Keep a text under a name for ever; return the one that is kept, the first one given."""
        ...

    def noted(self, name: str) -> str | None:
        """Return the text that is kept under a name; None if there is none."""
        ...

    def recall(self, feed: str) -> dict[str, list[str]]:
        """Return what `remember` last stored for a feed; it may be lost without harm."""
        ...

    def remember(self, feed: str, seen: Mapping[str, list[str]]) -> None:
        """Keep what was seen in the landing zone, so that it need not be read again."""
        ...

    def pull(self, folder: Path) -> None:
        """Copy the markers of other workers' deliveries into this folder of the lake's mirror."""
        ...

    def push(self, folder: Path) -> None:
        """Publish a folder of the lake's mirror to other workers; its marker goes last."""
        ...
