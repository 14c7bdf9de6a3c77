"""What was delivered and what is in force: functions of the receipts and of the results."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from customer360_assets.deliveries.formats.errors import ParseError
from customer360_assets.deliveries.in_force import Entry, InForce, in_force_of
from customer360_assets.deliveries.intake.receipts import business_date_of
from customer360_assets.deliveries.moves import movers
from customer360_assets.deliveries.parsing.delivery import Delivery
from customer360_assets.deliveries.parsing.failures import ParseFailuresError
from customer360_assets.deliveries.parsing.job import ParsingJob
from customer360_assets.deliveries.parsing.parse import parse
from customer360_assets.feeds.spec import FeedSpec
from resources.protocols.ledger import Receipt


@dataclass(frozen=True)
class FeedDeliveries:
    """The deliveries of one feed, in order of arrival, as they stand under one fingerprint.

    failures: outstanding deliveries that could not be parsed, each with its error.
    """

    job: ParsingJob
    entries: tuple[Entry, ...]
    failures: tuple[tuple[Delivery, ParseError], ...] = ()

    @property
    def spec(self) -> FeedSpec:
        """The feed's specification."""
        return self.job.spec

    @cached_property
    def effective(self) -> InForce:
        """Status of each delivery, and what makes each business date."""
        return in_force_of(self.entries, self.spec.replaces)

    @cached_property
    def dates_in_force(self) -> dict[str, list[dt.date]]:
        """The business dates that each delivery makes, also one for which it has no record."""
        found: defaultdict[str, list[dt.date]] = defaultdict(list)
        for date in sorted(self.effective.dates):
            for entry in self.effective.dates[date]:
                found[entry.own].append(date)
        return found

    @property
    def outstanding(self) -> tuple[Delivery, ...]:
        """Deliveries to parse: those that may be in force, and those never looked into.

        One that was replaced needs no look once what replaced it was read: a file that cannot be
        parsed is done with when a sound one has come in its place.
        """
        status, moot = self.effective.status, self._moot
        return tuple(
            e.delivery
            for e in self.entries
            if e.parsed is None
            and (
                status[e.own] == "loaded"
                or (status[e.own] == "superseded" and not e.earlier and e.own not in moot)
            )
        )

    @property
    def _moot(self) -> set[str]:
        """Deliveries that were replaced by one that was read, or that is moot itself."""
        status, by = self.effective.status, self.effective.by
        read = {e.own for e in self.entries if e.parsed is not None}
        moot: set[str] = set()
        # What replaced a delivery came after it, and is known by then.
        for entry in reversed(self.entries):
            if status[entry.own] == "superseded":
                heir = by[entry.own]
                heir = by[heir] if status[heir] == "duplicate" else heir
                if heir in read or heir in moot:
                    moot.add(entry.own)
        return moot

    def in_force(self, business_date: dt.date) -> tuple[Delivery, ...]:
        """Return the deliveries whose rows make up a partition."""
        return tuple(e.delivery for e in self.effective.dates.get(business_date, ()))

    @cached_property
    def moving(self) -> dict[dt.date, tuple[Entry, ...]]:
        """Later deliveries that may have moved a record from a business date to an earlier one."""
        return movers(self.effective.dates) if self.spec.delivery == "delta" else {}

    def partition_files(self, first: dt.date, last: dt.date) -> dict[dt.date, tuple[Path, ...]]:
        """Return the Parquet files of each business date of a range; none for a date left empty."""
        return {
            date: tuple(self._files(date))
            for date in sorted(self.expected_versions)
            if first <= date <= last
        }

    def moving_files(self, first: dt.date, last: dt.date) -> list[Path]:
        """Return the parsed files of which a row may move a record of a range of dates."""
        late = {e.own for d, entries in self.moving.items() if first <= d <= last for e in entries}
        return [
            file
            for date, entries in sorted(self.effective.dates.items())
            if date < last
            for entry in entries
            if entry.own in late
            for file in self._parsed_files(entry, date)
        ]

    @cached_property
    def expected_versions(self) -> dict[dt.date, str]:
        """Return what each business date is made of, as SHA-256.

        A date whose deliveries were all replaced has the hash of nothing, so that it is emptied.
        """
        dates = set(self.effective.dates)
        for entry in self.entries:
            dates.update(date for earlier in entry.earlier for date in earlier.rows)
        return {date: self._version(date) for date in sorted(dates)}

    def quarantine_files(self, first: dt.date, last: dt.date) -> dict[dt.date, tuple[Path, ...]]:
        """Return the files of quarantined records of the deliveries in force, by business date."""
        found: defaultdict[dt.date, list[Path]] = defaultdict(list)
        for entry in self.entries:
            own, parsed = entry.own, entry.parsed
            if parsed is None or not parsed.in_quarantine or self.effective.status[own] != "loaded":
                continue
            date = parsed.business_date
            if date is not None and first <= date <= last:
                found[date].append(self.job.quarantine_of(parsed.folder_name))
        return {date: tuple(files) for date, files in found.items()}

    def manifest(self) -> list[dict[str, Any]]:
        """Return the rows of raw.delivery; a delivery that was not parsed yet has none."""
        return self._rows

    @cached_property
    def _rows(self) -> list[dict[str, Any]]:
        return [row for entry in self.entries if (row := self._row(entry)) is not None]

    def _files(self, date: dt.date) -> Sequence[Path]:
        found: list[Path] = []
        for entry in self.effective.dates.get(date, ()):
            found += self._parsed_files(entry, date)
        return found

    def _parsed_files(self, entry: Entry, date: dt.date) -> list[Path]:
        parsed = entry.parsed
        folder = self.job.folder / parsed.folder_name if parsed else self.job.folder
        return [folder / f for f in (parsed.files if parsed else {}).get(date, ())]

    def _version(self, date: dt.date) -> str:
        digest, fingerprint = hashlib.sha256(), self.job.fingerprint
        for entry in self.effective.dates.get(date, ()):
            delivery = entry.delivery
            digest.update(f"{delivery.sha256} {fingerprint} {delivery.delivery_id}\n".encode())
            if entry.parsed is None:
                # So that a date that was tried without it is made when it has been parsed.
                digest.update(b"not parsed\n")
        for entry in self.moving.get(date, ()):
            digest.update(f"moved by {entry.delivery.sha256} {entry.own}\n".encode())
        return digest.hexdigest()

    def _row(self, entry: Entry) -> dict[str, Any] | None:
        delivery = entry.delivery
        status = self.effective.status[delivery.delivery_id]
        parsed = entry.parsed or (entry.earlier[-1] if entry.earlier else None)
        if status == "loaded" and entry.parsed is None:
            return None
        counted = parsed if status in ("loaded", "superseded", "refused") else None
        reason = {
            "refused": entry.refused,
            "superseded": f"superseded by {self.effective.by.get(delivery.delivery_id)}",
            "duplicate": f"same bytes as {self.effective.by.get(delivery.delivery_id)}",
            "loaded": "; ".join(parsed.notes) if parsed else None,
        }[status]
        return {
            "delivery_id": delivery.delivery_id,
            "delivery_seq": delivery.seq,
            "feed": delivery.feed,
            "file": delivery.file,
            "bytes": delivery.bytes,
            "sha256": delivery.sha256,
            "business_date": counted.business_date if counted else delivery.business_date,
            "dates_in_force": " ".join(map(str, self.dates_in_force.get(entry.own, ()))) or None,
            "status": status,
            "reason": reason or None,
            "records": counted.records if counted else None,
            "loaded": counted.loaded if counted else None,
            "quarantined": sum(counted.quarantined.values()) if counted else None,
            "values_set_aside": sum(counted.set_aside.values()) if counted else None,
        }


def delivery_of(receipt: Receipt, spec: FeedSpec) -> Delivery:
    """Return the delivery of a receipt, dated by the present specification."""
    date, refused = business_date_of(spec, receipt.file, receipt.run_date)
    return Delivery(
        delivery_id=f"{receipt.feed}-{receipt.seq:06d}",
        seq=receipt.seq,
        feed=receipt.feed,
        file=receipt.file,
        bytes=receipt.bytes,
        sha256=receipt.sha256,
        business_date=date,
        refused=refused,
    )


def read_deliveries(job: ParsingJob) -> FeedDeliveries:
    """Return a feed's deliveries as the ledger knows them now."""
    entries = []
    # Receipts are read first: a result that is newer than they are belongs to none of them.
    receipts, results = job.ledger.receipts(job.spec.feed), job.results()
    for receipt in receipts:
        delivery = delivery_of(receipt, job.spec)
        known = results.get(delivery.delivery_id, [])
        present = next((r for r in known if r.fingerprint == job.fingerprint), None)
        earlier = tuple(r for r in known if r is not present)
        entries.append(Entry(delivery, present, earlier))
    return FeedDeliveries(job, tuple(entries))


def settled(deliveries: FeedDeliveries) -> FeedDeliveries:
    """Return the deliveries; raise ParseFailuresError if some of them could not be parsed."""
    if deliveries.failures:
        raise ParseFailuresError(deliveries.failures) from deliveries.failures[0][1]
    return deliveries


def parse_outstanding(deliveries: FeedDeliveries) -> FeedDeliveries:
    """Parse what is outstanding and return the feed's deliveries, with those that failed.

    A file that turns out to be refused gives way to the one before it, which may have to be parsed
    in turn.
    """
    failed: dict[str, tuple[Delivery, ParseError]] = {}
    job = deliveries.job
    while todo := [d for d in deliveries.outstanding if d.delivery_id not in failed]:
        while todo:
            try:
                parse(todo, job)
                break
            except ParseError as error:
                bad = _named(todo, error)
                if bad is None:
                    raise
                failed[bad.delivery_id] = bad, error
                todo.remove(bad)
        deliveries = read_deliveries(job)
    # What was parsed meanwhile may have taken the place of one that could not be.
    left = tuple(failed[d.delivery_id] for d in deliveries.outstanding)
    return replace(deliveries, failures=left)


def _named(deliveries: Sequence[Delivery], error: ParseError) -> Delivery | None:
    """Return the delivery that an error is about."""
    named = set(re.findall(r"[\w-]+", str(error)))
    return next((d for d in deliveries if d.delivery_id in named), None)


def manifest(feeds: Mapping[str, FeedDeliveries]) -> list[dict[str, Any]]:
    """Return the rows of raw.delivery of all feeds."""
    return [row for feed in sorted(feeds) for row in feeds[feed].manifest()]
