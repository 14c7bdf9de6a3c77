"""What was delivered and what is in force: functions of the receipts and of the parsed markers."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from customer360_assets.contracts import contract
from customer360_assets.feeds.spec import FeedSpec
from customer360_assets.raw.force import Entry, Force, force_of
from customer360_assets.raw.intake import business_date_of
from customer360_assets.raw.parse import Delivery, ParseError, fingerprint_of, parse
from customer360_assets.raw.parsed import (
    folder_of,
    parsed_folder,
    quarantine_of,
    read_marker,
)
from customer360_assets.raw.unsettled import UnsettledError
from resources.archive import Archive, Receipt
from resources.card_token import CardKey


@dataclass(frozen=True)
class FeedDeliveries:
    """The deliveries of one feed, in order of arrival, as they stand under one fingerprint."""

    spec: FeedSpec
    fingerprint: str
    lake_dir: Path
    entries: tuple[Entry, ...]

    @cached_property
    def force(self) -> Force:
        """Status of each delivery, and what makes each business date."""
        return force_of(self.entries, self.spec.replaces)

    @property
    def outstanding(self) -> tuple[Delivery, ...]:
        """Deliveries to parse: those that may be in force, and those never looked into.

        One that was replaced needs no look once what replaced it was read: a file that cannot be
        parsed is done with when a sound one has come in its place.
        """
        status, moot = self.force.status, self._moot
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
        status, by = self.force.status, self.force.by
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
        """Give the deliveries whose rows make a partition."""
        return tuple(e.delivery for e in self.force.dates.get(business_date, ()))

    def partition_files(self, first: dt.date, last: dt.date) -> dict[dt.date, tuple[Path, ...]]:
        """Give the Parquet files of each business date of a range; none for a date left empty."""
        return {
            date: tuple(self._files(date))
            for date in sorted(self.expected_versions)
            if first <= date <= last
        }

    @cached_property
    def expected_versions(self) -> dict[dt.date, str]:
        """What each business date is made of, as SHA-256.

        A date whose deliveries were all replaced has the hash of nothing, so that it is emptied.
        """
        dates = set(self.force.dates)
        for entry in self.entries:
            dates.update(date for earlier in entry.earlier for date in earlier.rows)
        return {date: self._version(date) for date in sorted(dates)}

    def quarantine_files(self, first: dt.date, last: dt.date) -> dict[dt.date, tuple[Path, ...]]:
        """Give the files of records in quarantine of the deliveries in force, by business date."""
        found: defaultdict[dt.date, list[Path]] = defaultdict(list)
        for entry in self.entries:
            own, parsed = entry.own, entry.parsed
            if parsed is None or not parsed.in_quarantine or self.force.status[own] != "loaded":
                continue
            date = parsed.business_date
            if date is not None and first <= date <= last:
                file = quarantine_of(self.lake_dir, self.spec.feed, own, self.fingerprint)
                found[date].append(file)
        return {date: tuple(files) for date, files in found.items()}

    def manifest(self) -> list[dict[str, Any]]:
        """Give the rows of raw.delivery; a delivery that was not parsed yet has none."""
        return [row for entry in self.entries if (row := self._row(entry)) is not None]

    def _files(self, date: dt.date) -> Sequence[Path]:
        found: list[Path] = []
        for entry in self.force.dates.get(date, ()):
            folder = folder_of(
                self.lake_dir, self.spec.feed, entry.delivery.delivery_id, self.fingerprint
            )
            found += [
                folder / f for f in (entry.parsed.files if entry.parsed else {}).get(date, ())
            ]
        return found

    def _version(self, date: dt.date) -> str:
        digest = hashlib.sha256()
        for delivery in self.in_force(date):
            digest.update(f"{delivery.sha256} {self.fingerprint} {delivery.delivery_id}\n".encode())
        return digest.hexdigest()

    def _row(self, entry: Entry) -> dict[str, Any] | None:
        delivery = entry.delivery
        status = self.force.status[delivery.delivery_id]
        parsed = entry.parsed or (entry.earlier[-1] if entry.earlier else None)
        if status == "loaded" and entry.parsed is None:
            return None
        counted = parsed if status in ("loaded", "superseded", "refused") else None
        reason = {
            "refused": entry.refused,
            "superseded": f"superseded by {self.force.by.get(delivery.delivery_id)}",
            "duplicate": f"same bytes as {self.force.by.get(delivery.delivery_id)}",
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
            "status": status,
            "reason": reason or None,
            "records": counted.records if counted else None,
            "loaded": counted.loaded if counted else None,
            "quarantined": sum(counted.quarantined.values()) if counted else None,
            "values_set_aside": sum(counted.set_aside.values()) if counted else None,
        }


def delivery_of(receipt: Receipt, spec: FeedSpec) -> Delivery:
    """Give the delivery of a receipt, dated by the present specification."""
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


def read_deliveries(
    archive: Archive, spec: FeedSpec, lake_dir: Path, key: CardKey | None = None
) -> FeedDeliveries:
    """Give a feed's deliveries as the archive and the markers have them now."""
    fingerprint = fingerprint_of(spec, contract(f"raw.{spec.feed}"), key)
    entries = []
    folder = parsed_folder(lake_dir, spec.feed)
    archive.pull(folder)
    receipts = archive.receipts(spec.feed)
    parsed = _parsed_folders(folder)
    for receipt in receipts:
        delivery = delivery_of(receipt, spec)
        present = folder_of(lake_dir, spec.feed, delivery.delivery_id, fingerprint)
        others = (read_marker(f) for f in parsed[delivery.delivery_id] if f != present)
        earlier = tuple(p for p in others if p is not None)
        entries.append(Entry(delivery, read_marker(present), earlier))
    return FeedDeliveries(spec, fingerprint, lake_dir, tuple(entries))


def _parsed_folders(folder: Path) -> defaultdict[str, list[Path]]:
    """Give what was parsed of each delivery, of one listing: a search for each costs a listing."""
    found: defaultdict[str, list[Path]] = defaultdict(list)
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        found[path.name.rpartition("-")[0]].append(path)
    return found


def settle(
    archive: Archive,
    spec: FeedSpec,
    lake_dir: Path,
    key: CardKey | None = None,
    threads: int | None = None,
) -> FeedDeliveries:
    """Parse what is outstanding and give the feed's deliveries, all of them settled.

    A file that turns out to be refused gives way to the one before it, which may have to be parsed
    in turn. Raises UnsettledError when some could not be parsed, after all others were: a partition
    is not made without a delivery that belongs into it.
    """
    table = contract(f"raw.{spec.feed}")
    failed: dict[str, tuple[Delivery, ParseError]] = {}
    deliveries = read_deliveries(archive, spec, lake_dir, key)
    while todo := [d for d in deliveries.outstanding if d.delivery_id not in failed]:
        while todo:
            try:
                parse(todo, spec, table, archive, lake_dir, key, threads)
                break
            except ParseError as error:
                bad = _named(todo, error)
                if bad is None:
                    raise
                failed[bad.delivery_id] = bad, error
                todo.remove(bad)
        deliveries = read_deliveries(archive, spec, lake_dir, key)
    # What was parsed meanwhile may have taken the place of one that could not be.
    left = [failed[d.delivery_id] for d in deliveries.outstanding]
    if left:
        raise UnsettledError(left) from left[0][1]
    return deliveries


def _named(deliveries: Sequence[Delivery], error: ParseError) -> Delivery | None:
    """Give the delivery that an error is about."""
    named = set(re.findall(r"[\w-]+", str(error)))
    return next((d for d in deliveries if d.delivery_id in named), None)


def manifest(feeds: Mapping[str, FeedDeliveries]) -> list[dict[str, Any]]:
    """Give the rows of raw.delivery of all feeds."""
    return [row for feed in sorted(feeds) for row in feeds[feed].manifest()]
