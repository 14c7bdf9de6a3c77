"""The delivery log of a deployment: intake, what is in force, and what an operator should know."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from customer360_assets.contracts import contracts
from customer360_assets.deliveries.awaiting_correction import awaiting_correction
from customer360_assets.deliveries.feed_deliveries import (
    FeedDeliveries,
    manifest,
    parse_outstanding,
    read_deliveries,
    settled,
)
from customer360_assets.deliveries.intake.landed import unmatched
from customer360_assets.deliveries.intake.take_in import is_new, note_taken, take_in
from customer360_assets.deliveries.parsing.failures import IntakeError, ParseFailuresError
from customer360_assets.deliveries.parsing.job import ParsingJob
from customer360_assets.deliveries.parsing.key_record import recorded_key
from customer360_assets.deliveries.waiting import complete_before
from customer360_assets.feeds.loader import load_feeds
from customer360_assets.feeds.spec import FeedSpec
from customer360_assets.planning.versions import NOTHING
from resources.deployment.card_token import CardKey
from resources.deployment.deployment import Deployment
from resources.protocols.archive import Archive
from resources.protocols.landing import LandedFile, Landing
from resources.protocols.ledger import Ledger, Receipt

EMPTIED = hashlib.sha256(b"").hexdigest()
"""Version of a business date whose deliveries were all replaced."""


@dataclass(frozen=True)
class IntakeResult:
    """New deliveries, files left for next time, files of none of the feeds (`Intake` has more).

    failure: files that could not be read and deliveries that could not be parsed; all else was
    taken in.
    """

    taken: tuple[Receipt, ...]
    changing: tuple[str, ...]
    unmatched: tuple[str, ...]
    failure: IntakeError | None = None


@dataclass(frozen=True)
class DeliveryLog:
    """Every delivery of a deployment's feeds."""

    feeds: Mapping[str, FeedSpec]
    landing: Landing
    archive: Archive
    ledger: Ledger
    lake_dir: Path
    scratch_dir: Path
    key: Callable[[], CardKey]
    _known: dict[str, tuple[tuple[int, str, int], FeedDeliveries]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @classmethod
    def of(
        cls, deployment: Deployment, landing: Landing, archive: Archive, ledger: Ledger
    ) -> DeliveryLog:
        """Return the log of a deployment."""
        feeds = load_feeds(deployment.feeds, deployment.first_business_date)
        key = partial(recorded_key, deployment, ledger, feeds.values())
        return cls(
            feeds, landing, archive, ledger, deployment.lake_dir, deployment.scratch_dir, key
        )

    @cached_property
    def _key(self) -> CardKey:
        return self.key()

    def _job(self, spec: FeedSpec) -> ParsingJob:
        key = self._key if spec.tokenizes else None
        return ParsingJob(spec, self.archive, self.ledger, self.lake_dir, key)

    def take_in(
        self,
        run_date: dt.date,
        feeds: Collection[str] | None = None,
        only: Mapping[str, str] | None = None,
        arrived: dt.date | None = None,
        is_whole: Callable[[LandedFile], bool] = lambda _file: True,
    ) -> IntakeResult:
        """Register and parse what is new in the landing zone; of some feeds, or files, alone.

        arrived: the date of files that state none, `run_date` if it is not given. is_whole: False
        for a file that is still being written.
        """
        wanted = dict(self.feeds) if feeds is None else self.of_feeds(feeds)
        dated = self._not_before_others(arrived or run_date)
        intake = take_in(
            self.landing, self.archive, self.ledger, wanted, run_date, only, dated, is_whole
        )
        failed = []
        for feed, states in intake.states.items():
            unparsed: frozenset[str] = frozenset()
            try:
                self.settled(feed)
            except ParseFailuresError as error:
                failed.append(error)
                unparsed = error.files
            note_taken(self.ledger, feed, states, unparsed)
        failure = IntakeError(intake.unread, failed) if intake.unread or failed else None
        return IntakeResult(intake.taken, intake.changing, intake.unmatched, failure)

    def _has_arrived(self) -> bool:
        """Return whether the landing zone has what is not registered, or the archive lacks."""
        return any(
            is_new(self.landing, self.archive, self.ledger, spec) for spec in self.feeds.values()
        )

    def _read(self, spec: FeedSpec) -> FeedDeliveries:
        """Return a feed's deliveries; they are read again only if something of them has changed."""
        job = self._job(spec)
        state = job.state()
        known = self._known.get(spec.feed)
        if known is None or known[0] != state:
            known = self._known[spec.feed] = state, read_deliveries(job)
        return known[1]

    def of_feeds(self, feeds: Collection[str]) -> dict[str, FeedSpec]:
        """Return the specifications of these feeds, as far as the deployment has them."""
        return {feed: spec for feed, spec in self.feeds.items() if feed in feeds}

    def _not_before_others(self, arrived: dt.date) -> dt.date:
        """Return the date, or that of the newest intake if it is later: arrivals do not go back."""
        if all(spec.business_date.source != "run" for spec in self.feeds.values()):
            return arrived
        taken = (r.run_date for feed in self.feeds for r in self.ledger.receipts(feed))
        return max([arrived, *taken])

    def settled(self, feed: str) -> FeedDeliveries | None:
        """Return a feed's deliveries, all parsed; None if the deployment has no such feed."""
        spec = self.feeds.get(feed)
        if spec is None:
            return None
        return settled(parse_outstanding(self._read(spec)))

    def parsed(self, feed: str) -> FeedDeliveries | None:
        """Parse what is outstanding of a feed and return its deliveries, with those that failed.

        None when the deployment has no such feed.
        """
        spec = self.feeds.get(feed)
        if spec is None:
            return None
        return parse_outstanding(self._read(spec))

    def delivered(self, feed: str) -> FeedDeliveries | None:
        """Return a feed's deliveries as they stand; None when the deployment has no such feed."""
        spec = self.feeds.get(feed)
        if spec is None:
            return None
        return self._read(spec)

    def known(self) -> dict[str, FeedDeliveries]:
        """Return every feed's deliveries, parsed or not."""
        return {feed: self._read(spec) for feed, spec in self.feeds.items()}

    def complete_before(self) -> dt.date:
        """Return the first date that lacks, or may lack, something that has arrived.

        Any date may if a file has not been registered: nobody knows what it holds.
        """
        if self._has_arrived():
            return dt.date.min
        outstanding = complete_before(self.known().values())
        # An intake that failed for another reason has published no manifest.
        return outstanding if outstanding < dt.date.max else dt.date.min

    def manifest(self) -> list[dict[str, Any]]:
        """Return the rows of raw.delivery, by feed and order of arrival."""
        return manifest(self.known())

    def pending(self, published: list[dict[str, Any]]) -> bool:
        """Return whether intake has work: new files, unparsed deliveries, an outdated manifest."""
        known = self.known()
        return (
            self._has_arrived()
            or any(deliveries.outstanding for deliveries in known.values())
            or manifest(known) != published
        )

    def versions(self) -> dict[str, dict[dt.date, str]]:
        """Return the version that each raw partition should have, for every possible feed."""
        found = {feed: partition_versions(deliveries) for feed, deliveries in self.known().items()}
        return {str(c.feed): found.get(str(c.feed), {}) for c in contracts("raw") if c.feed}

    def remarks(self, as_of: dt.date) -> list[str]:
        """Name feeds without a delivery, files that were refused, and dates yet to come."""
        known = self.known()
        rows = manifest(known)
        loaded = {
            r["feed"]
            for r in rows
            if r["status"] == "loaded" and r["business_date"] and r["business_date"] <= as_of
        }
        missing = sorted(str(c.feed) for c in contracts("raw") if c.feed and c.feed not in loaded)
        lines = [
            f"{feed}: no delivery on or before {as_of}; the columns made from it are null."
            for feed in missing
        ]
        lines += [
            f"{r['feed']}: {r['file']} was refused: {r['reason']}"
            for r in awaiting_correction(rows, self.feeds)
        ]
        lines += [
            f"{feed}: {records:,} records of present files are dated after {as_of}."
            for feed, deliveries in known.items()
            if (records := _ahead(deliveries, as_of))
        ]
        lines += [line for deliveries in known.values() for line in _replaced(deliveries, as_of)]
        lines += [line for deliveries in known.values() for line in _not_kept(self, deliveries)]
        beyond = set(self.landing.out_of_reach())
        return lines + [
            f"{file}: {'cannot be taken in' if file in beyond else 'belongs to no feed'}; "
            "left where it is."
            for file in self.unmatched()
        ]

    def unmatched(self) -> list[str]:
        """Return the files in the landing zone that match no feed's pattern."""
        return unmatched(self.landing, self.feeds.values())


def _replaced(deliveries: FeedDeliveries, as_of: dt.date) -> list[str]:
    """Name the files of a date whose place another file of that date has taken."""
    files = {entry.own: entry.delivery.file for entry in deliveries.entries}
    return [
        f"{entry.delivery.feed}: {entry.delivery.file} ({records:,} records) was replaced by"
        f" {other}, which came later for {as_of}. If both are parts of one delivery, the feed needs"
        " supersedes: same_name."
        for entry in deliveries.entries
        if deliveries.effective.status[entry.own] == "superseded"
        and (other := files[deliveries.effective.by[entry.own]]) != entry.delivery.file
        and (records := entry.parsed.rows.get(as_of, 0) if entry.parsed else 0)
    ]


def _not_kept(log: DeliveryLog, deliveries: FeedDeliveries) -> list[str]:
    """Name the deliveries whose bytes the archive lacks."""
    return [
        f"{delivery.feed}: the archive lacks the bytes of {delivery.file} (content"
        f" {delivery.sha256[:12]}…), or has not all of them; deliver the same file again."
        for delivery in (entry.delivery for entry in deliveries.entries)
        if not log.archive.holds(delivery.sha256, delivery.bytes)
    ]


def _ahead(deliveries: FeedDeliveries, as_of: dt.date) -> int:
    """Count the records after a date in deliveries that mostly are of that date or before it."""
    return sum(
        entry.parsed.rows.get(date, 0)
        for date, entries in deliveries.effective.dates.items()
        for entry in entries
        if date > as_of
        and entry.parsed is not None
        and entry.parsed.business_date is not None
        and entry.parsed.business_date <= as_of
    )


def partition_versions(deliveries: FeedDeliveries) -> dict[dt.date, str]:
    """Return the version of each business date of a feed; NOTHING where all was replaced."""
    return {
        date: NOTHING if version == EMPTIED else version
        for date, version in deliveries.expected_versions.items()
    }
