"""The ledger of a home that was made before there was one: its files of JSON, read once."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from resources.embedded.sqlite_ledger import SqliteLedger
from resources.protocols.ledger import FileState, LedgerError, Moment, Receipt, Result

TAKEN = ".taken"


def fill_ledger(ledger: SqliteLedger, archive_dir: Path, lake_dir: Path) -> tuple[int, int]:
    """Copy receipts, results, file states and notes; return how many receipts and results.

    What the ledger has already stays as it is. Raises LedgerError for a damaged receipt.
    """
    ledger.create()
    receipts = 0
    for feed, found in groupby(_receipts(archive_dir / "receipts"), key=lambda r: r.feed):
        known = len(ledger.receipts(feed))
        new = [receipt for receipt in found if receipt.seq > known]
        if new and not ledger.register(new):
            raise LedgerError(
                f"Receipts of feed {feed} are missing in {archive_dir / 'receipts' / feed}: their"
                " numbers have gaps. Restore the folder from a backup."
            )
        receipts += len(new)
    results = 0
    for feed, noted in groupby(_results(lake_dir), key=lambda found: found[0]):
        of_feed = [result for _, result in noted]
        ledger.note_results(feed, of_feed)
        results += len(of_feed)
    for feed, moment, states in _states(archive_dir / "seen"):
        ledger.note_states(feed, moment, states)
    for path in sorted((archive_dir / "notes").glob("*")):
        ledger.note(path.name, path.read_text(encoding="utf-8"))
    return receipts, results


def _receipts(folder: Path) -> Iterator[Receipt]:
    for path in sorted(folder.glob("*/*.json")):
        try:
            kept = json.loads(path.read_bytes())
            for name in ("run_date", "business_date"):
                kept[name] = kept[name] and dt.date.fromisoformat(kept[name])
            yield Receipt(**kept)
        except (ValueError, TypeError, KeyError):
            raise LedgerError(
                f"The receipt {path} is damaged. Restore it from a backup: the receipts decide"
                " which delivery is in force."
            ) from None


def _results(lake_dir: Path) -> Iterator[tuple[str, Result]]:
    for path in sorted(lake_dir.glob("raw/*/data/*/parsed.json")):
        kept = _json(path)
        # A damaged one is as none: the delivery is parsed again.
        if "delivery_id" in kept and "fingerprint" in kept:
            result = Result(kept["delivery_id"], kept["fingerprint"], json.dumps(kept))
            yield path.parents[2].name, result


def _states(folder: Path) -> Iterator[tuple[str, Moment, dict[str, FileState]]]:
    for path in sorted(folder.glob("*.json")):
        moment: Moment = "taken" if path.stem.endswith(TAKEN) else "seen"
        states = {file: FileState(*state) for file, state in _json(path).items()}
        yield path.stem.removesuffix(TAKEN), moment, states


def _json(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_bytes()))
    except (ValueError, TypeError):
        return {}
