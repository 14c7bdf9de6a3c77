"""The deliveries of one feed as a parser takes them: under which contract and key, to where."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from customer360_assets.contracts import contract as contract_of
from customer360_assets.contracts.contract import Contract
from customer360_assets.deliveries.parsing.parsed import (
    Parsed,
    folder_of,
    parsed_folder,
    quarantine_of,
    read_marker,
)
from customer360_assets.feeds.spec import FeedSpec
from resources.deployment.card_token import CardKey
from resources.protocols.archive import Archive


@dataclass(frozen=True)
class ParsingJob:
    """A feed, the archive that keeps its deliveries and the folder that they are parsed into.

    threads: how many may work at once, None for all cores. together: the most small deliveries that
    one query parses, 1 for each by its own.
    """

    spec: FeedSpec
    archive: Archive
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

    def folder_of(self, delivery_id: str) -> Path:
        """Return the folder of a delivery's Parquet files and marker."""
        return folder_of(self.lake_dir, self.spec.feed, delivery_id, self.fingerprint)

    def quarantine_of(self, delivery_id: str) -> Path:
        """Return the file of a delivery's quarantined records; it may not be there."""
        return quarantine_of(self.lake_dir, self.spec.feed, delivery_id, self.fingerprint)

    def parsed(self, delivery_id: str) -> Parsed | None:
        """Return what became of a delivery; None if it was not parsed to its end."""
        return read_marker(self.folder_of(delivery_id))
