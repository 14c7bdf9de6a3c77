"""The ledger of a deployment that was made before there was one: its objects of JSON, read once."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from resources.embedded.sqlite_ledger import SqliteLedger
from resources.protocols.ledger import (
    MOST_RECEIPTS,
    FileState,
    Ledger,
    LedgerError,
    Moment,
    Receipt,
    Result,
)

TAKEN = ".taken"
MOST_RESULTS = 1_000
"""Results that are in memory at once."""
Named = tuple[str, bytes]
"""A file's name, and its bytes."""


class EarlierFiles(Protocol):
    """What an earlier release kept of deliveries: files of a home, or objects on S3."""

    def feeds(self) -> list[str]:
        """Return the feeds with receipts, or with results, by name."""
        ...

    def receipts(self, feed: str, after: int) -> Iterator[Named]:
        """Yield a feed's receipts by number: those after one."""
        ...

    def results(self, feed: str) -> Iterator[Named]:
        """Yield the results of a feed's parsed deliveries."""
        ...

    def archived(self, folder: str) -> Iterator[Named]:
        """Yield the files of a folder of the archive, by name."""
        ...


class FolderFiles:
    """The files of a home."""

    def __init__(self, archive_dir: Path, lake_dir: Path) -> None:
        self._archive, self._raw = archive_dir, lake_dir / "raw"

    def feeds(self) -> list[str]:
        """See EarlierFiles."""
        folders = [*(self._archive / "receipts").glob("*"), *self._raw.glob("*")]
        return sorted({path.name for path in folders if path.is_dir()})

    def receipts(self, feed: str, after: int) -> Iterator[Named]:
        """See EarlierFiles."""
        for path in sorted((self._archive / "receipts" / feed).glob("*.json")):
            if not path.stem.isdecimal() or int(path.stem) > after:
                yield str(path), path.read_bytes()

    def results(self, feed: str) -> Iterator[Named]:
        """See EarlierFiles."""
        for path in sorted((self._raw / feed).glob("data/*/parsed.json")):
            yield str(path), path.read_bytes()

    def archived(self, folder: str) -> Iterator[Named]:
        """See EarlierFiles."""
        for path in sorted((self._archive / folder).glob("*")):
            yield path.name, path.read_bytes()


def fill_ledger(ledger: SqliteLedger, archive_dir: Path, lake_dir: Path) -> tuple[int, int]:
    """Copy what a home's files say into its ledger; see `copy_files`."""
    ledger.create()
    return copy_files(ledger, FolderFiles(archive_dir, lake_dir))


def copy_files(ledger: Ledger, files: EarlierFiles) -> tuple[int, int]:
    """Copy receipts, results, file states and notes; return how many receipts and results.

    What the ledger has already stays as it is. Raises LedgerError for a damaged receipt.
    """
    receipts = results = 0
    for feed in files.feeds():
        receipts += _copy_receipts(ledger, files, feed)
        found = (r for _, text in files.results(feed) if (r := _result(text)) is not None)
        while part := list(islice(found, MOST_RESULTS)):
            ledger.note_results(feed, part)
            results += len(part)
    for feed, moment, states in _states(files.archived("seen")):
        ledger.note_states(feed, moment, states)
    for name, text in files.archived("notes"):
        ledger.note(name, text.decode())
    return receipts, results


def _copy_receipts(ledger: Ledger, files: EarlierFiles, feed: str) -> int:
    copied = 0
    found = (_receipt(*file) for file in files.receipts(feed, len(ledger.receipts(feed))))
    while part := list(islice(found, MOST_RECEIPTS)):
        if not ledger.register(part):
            raise LedgerError(
                f"Receipts of feed {feed} are missing in the archive: their numbers have a gap"
                f" before {part[-1].seq}. Restore them from a backup, on S3 from older versions."
            )
        copied += len(part)
    return copied


def _receipt(name: str, text: bytes) -> Receipt:
    try:
        kept = json.loads(text)
        for field in ("run_date", "business_date"):
            kept[field] = kept[field] and dt.date.fromisoformat(kept[field])
        return Receipt(**kept)
    except (ValueError, TypeError, KeyError):
        raise LedgerError(
            f"The receipt {name} is damaged. Restore it from a backup: the receipts decide"
            " which delivery is in force."
        ) from None


def _result(text: bytes) -> Result | None:
    """Return a result; None for a damaged one: its delivery is parsed again."""
    kept = _json(text)
    if "delivery_id" not in kept or "fingerprint" not in kept:
        return None
    return Result(kept["delivery_id"], kept["fingerprint"], json.dumps(kept))


def _states(files: Iterable[Named]) -> Iterator[tuple[str, Moment, dict[str, FileState]]]:
    for name, text in files:
        stem = name.removesuffix(".json")
        moment: Moment = "taken" if stem.endswith(TAKEN) else "seen"
        states = {file: FileState(*state) for file, state in _json(text).items()}
        yield stem.removesuffix(TAKEN), moment, states


def _json(text: bytes) -> dict[str, Any]:
    try:
        return dict(json.loads(text))
    except (ValueError, TypeError):
        return {}
