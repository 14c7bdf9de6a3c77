"""What the ledger remembers of files taken in: never more than has a receipt."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import BinaryIO

from customer360_assets.deliveries.intake.take_in import taken_states
from customer360_assets.feeds.loader import load_feeds
from resources.embedded.sqlite_ledger import SqliteLedger
from resources.files.folder_archive import LocalArchive
from resources.files.folder_landing import LocalLanding
from tests.deliveries.taking import take_in_only

FEEDS = {"card": load_feeds("workshop")["card"]}
DAY = dt.date(2024, 5, 23)
FILE = "card/card0020240523-1.csv"


class Restless(LocalLanding):
    """A landing zone in which a file is rewritten between its digest and its archiving."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self._file, self._reads = directory / FILE, 0

    def open(self, key: str) -> BinaryIO:
        """Open a file: once to archive it, again for the digest, the third time rewritten."""
        self._reads += 1
        if self._reads == 3:
            self._file.write_text("rewritten")
        return super().open(key)


def _landed(root: Path, landing: LocalLanding) -> dict[str, str]:
    (root / FILE).parent.mkdir(parents=True, exist_ok=True)
    (root / FILE).write_text("first")
    return {file.key: file.state for file in landing.list("card", "card*.csv")}


def test_a_file_that_changes_before_it_is_archived_is_not_remembered(tmp_path: Path) -> None:
    landing, archive = Restless(tmp_path / "landing"), LocalArchive(tmp_path / "archive")
    ledger = SqliteLedger(tmp_path / "ledger.db")
    first = _landed(tmp_path / "landing", landing)
    assert len(take_in_only(landing, archive, ledger, FEEDS, DAY, first).taken) == 1
    (tmp_path / "landing" / FILE).write_text("corrected")
    asked = {file.key: file.state for file in landing.list("card", "card*.csv")}
    found = take_in_only(landing, archive, ledger, FEEDS, DAY, asked)
    assert (found.taken, found.changing) == ((), (FILE,))
    assert taken_states(ledger, "card") == first


def test_what_is_gone_is_forgotten_and_the_rest_is_kept(tmp_path: Path) -> None:
    root = tmp_path / "landing"
    landing, archive = LocalLanding(root), LocalArchive(tmp_path / "archive")
    ledger = SqliteLedger(tmp_path / "ledger.db")
    first = _landed(root, landing)
    take_in_only(landing, archive, ledger, FEEDS, DAY, first)
    assert taken_states(ledger, "card") == first
    other = root / "card/card0020240524-1.csv"
    other.write_text("other")
    both = {file.key: file.state for file in landing.list("card", "card*.csv")}
    take_in_only(landing, archive, ledger, FEEDS, DAY, {k: s for k, s in both.items() if k != FILE})
    assert taken_states(ledger, "card") == both
    (root / FILE).unlink()
    take_in_only(landing, archive, ledger, FEEDS, DAY, {})
    assert taken_states(ledger, "card") == {k: s for k, s in both.items() if k != FILE}
