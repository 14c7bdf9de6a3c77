"""The deliveries of one feed as a parser takes them: under which contract and key, to where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from customer360_assets.contracts import contract as contract_of
from customer360_assets.contracts.contract import Contract
from customer360_assets.deliveries.parsing.delivery import Delivery
from customer360_assets.deliveries.parsing.parsed import (
    Parsed,
    folder_name,
    parsed_folder,
    quarantine_of,
)
from customer360_assets.feeds.spec import FeedSpec
from resources.deployment.card_token import CardKey
from resources.protocols.archive import Archive
from resources.protocols.ledger import Ledger


@dataclass(frozen=True)
class ParsingJob:
    """A feed, the archive and ledger of its deliveries, and the lake that they are parsed into.

    threads: how many may work at once, None for all cores. together: the most small deliveries that
    one query parses, 1 for each by its own.
    """

    spec: FeedSpec
    archive: Archive
    ledger: Ledger
    lake_dir: Path
    key: CardKey | None = field(default=None, repr=False)
    threads: int | None = None
    together: int = 1_000

    def __post_init__(self) -> None:
        """Raise ValueError for a feed that makes card tokens and was given no key."""
        if self.spec.tokenizes and self.key is None:
            raise ValueError(f"feed {self.spec.feed} makes card tokens and was given no key")

    @cached_property
    def contract(self) -> Contract:
        """The contract of the feed's raw table."""
        return contract_of(f"raw.{self.spec.feed}")

    @cached_property
    def fingerprint(self) -> str:
        """The hash of what rows depend on besides the bytes: specification, contract, key."""
        return self.spec.fingerprint(self.contract, self.key.key_id if self.key else "")

    @property
    def folder(self) -> Path:
        """The folder of all parsed deliveries of the feed."""
        return parsed_folder(self.lake_dir, self.spec.feed)

    def name_of(self, delivery: Delivery) -> str:
        """Return the name of the folder that a delivery is parsed into."""
        return folder_name(delivery.delivery_id, delivery.sha256, self.fingerprint)

    def quarantine_of(self, name: str) -> Path:
        """Return the file of a parsed folder's quarantined records; it may not be there."""
        return quarantine_of(self.lake_dir, self.spec.feed, name)

    def state(self) -> tuple[int, str, int]:
        """Return what changes whenever the feed's deliveries have to be read again."""
        try:
            changed = self.folder.stat().st_mtime_ns
        except FileNotFoundError:
            changed = 0
        return self.ledger.revision(self.spec.feed), self.fingerprint, changed

    def results(self) -> dict[str, list[Parsed]]:
        """Return what became of each delivery, by fingerprint; nothing of one to parse again.

        That is one whose files are gone, as those of a deleted lake are.
        """
        here = self.archive.parsed_here(self.folder)
        found: dict[str, list[Parsed]] = {}
        for result in self.ledger.results(self.spec.feed):
            parsed = Parsed.model_validate_json(result.text)
            if here is None or not parsed.files or parsed.folder_name in here:
                found.setdefault(parsed.delivery_id, []).append(parsed)
        return found

    def not_parsed(self, deliveries: Iterable[Delivery]) -> list[Delivery]:
        """Return the deliveries that have no result under the present fingerprint."""
        results = self.results()
        return [
            d
            for d in deliveries
            if all(r.fingerprint != self.fingerprint for r in results.get(d.delivery_id, ()))
        ]

    def note(self, parsed: Sequence[Parsed]) -> None:
        """Note results, of which the files are in place; of each delivery the first one stands."""
        self.ledger.note_results(self.spec.feed, [p.result for p in parsed])
