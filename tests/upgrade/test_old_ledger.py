"""The files of JSON of an earlier release become the ledger, none missing, none renumbered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from customer360_assets.runs.upgrade_ledger import fill_ledger
from resources.deployment.deployment import deployment
from resources.embedded.sqlite_ledger import SqliteLedger
from resources.protocols.ledger import LedgerError
from tests.upgrade.old_homes import OldHome


def ledger_of(old: OldHome) -> SqliteLedger:
    """Return the ledger of an upgraded home."""
    return SqliteLedger(deployment(old.home).ledger_path)


def test_the_ledger_has_what_the_files_had(old: OldHome) -> None:
    files = sorted((old.home / "archive" / "receipts").glob("*/*.json"))
    markers = sorted((old.home / "lake" / "raw").glob("*/data/*/parsed.json"))
    assert len(files) > 10
    assert len(markers) > 10
    old.said_by("upgrade")
    ledger = ledger_of(old)
    feeds = {path.parent.name for path in files}
    kept = [r for feed in sorted(feeds) for r in ledger.receipts(feed)]
    assert [(r.feed, r.seq, r.file, r.sha256, str(r.run_date)) for r in kept] == [
        (d["feed"], d["seq"], d["file"], d["sha256"], d["run_date"])
        for d in (json.loads(path.read_bytes()) for path in files)
    ]
    results = [json.loads(r.text) for feed in sorted(feeds) for r in ledger.results(feed)]
    ids = sorted((r["delivery_id"], r["fingerprint"], r["loaded"]) for r in results)
    found = (json.loads(path.read_bytes()) for path in markers)
    assert ids == sorted((m["delivery_id"], m["fingerprint"], m["loaded"]) for m in found)
    note = old.home / "archive" / "notes" / "card_token_key"
    assert (ledger.noted(note.name) or "") == (note.read_text() if note.exists() else "")


@pytest.mark.slow
def test_an_upgraded_home_takes_nothing_in_again(old: OldHome) -> None:
    old.said_by("upgrade")
    before = ledger_of(old).receipts("card")
    old.run()
    assert ledger_of(old).receipts("card") == before


def test_receipts_with_a_gap_are_refused(old: OldHome, tmp_path: Path) -> None:
    receipts = old.home / "archive" / "receipts"
    sorted((receipts / "card").glob("*.json"))[0].unlink()
    with pytest.raises(LedgerError, match="feed card are missing"):
        fill_ledger(SqliteLedger(tmp_path / "ledger.db"), receipts.parent, old.home / "lake")


def test_a_damaged_receipt_is_named(old: OldHome, tmp_path: Path) -> None:
    receipt = sorted((old.home / "archive" / "receipts" / "card").glob("*.json"))[0]
    receipt.chmod(0o600)
    receipt.write_text('{"feed": "card", "se')
    with pytest.raises(LedgerError, match=f"The receipt {receipt} is damaged"):
        fill_ledger(SqliteLedger(tmp_path / "ledger.db"), receipt.parents[2], old.home / "lake")
