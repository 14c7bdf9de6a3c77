"""Intake: what lies in the landing zone is archived, byte for byte, and given a receipt."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from customer360_assets.deliveries.intake.landed import Landed, unmatched
from customer360_assets.deliveries.parsing.failures import IntakeError, ParseFailuresError
from customer360_assets.feeds.dates import date_in_name
from customer360_assets.feeds.spec import FeedSpec
from resources.protocols.archive import Archive, Content, Receipt
from resources.protocols.landing import LandedFile, Landing


@dataclass(frozen=True)
class IntakeResult:
    """What an intake found: new deliveries, files left for next time, files of none of its feeds.

    The last are not looked for when the intake was of certain files alone. failure: files that
    could not be read and deliveries that could not be parsed; all else was taken in.
    """

    taken: tuple[Receipt, ...]
    changing: tuple[str, ...]
    unmatched: tuple[str, ...]
    failure: IntakeError | None = None


def take_in(
    landing: Landing,
    archive: Archive,
    feeds: Mapping[str, FeedSpec],
    run_date: dt.date,
    only: Mapping[str, str] | None = None,
    look_into: Callable[[str], object] = lambda _feed: None,
    arrived: dt.date | None = None,
    is_whole: Callable[[LandedFile], bool] = lambda _file: True,
) -> IntakeResult:
    """Register every delivery that is new: another file, or a file with other bytes than before.

    Files are taken by feed and name, so that the order of arrival is the same on every machine. A
    file that changes while it is read is left for the next intake; so is one that is not
    `is_whole`, unless it is named. `only` names files and the state
    that each must still be in: no other is looked at, and none of another state is taken.
    `arrived` dates the files of feeds that state no date; the run's own date if it is not given.
    `look_into` parses what a feed has delivered; only then do its files count as taken in. What
    cannot be read or parsed keeps nothing else from being taken in.
    """
    landed = Landed(landing)
    taken: list[Receipt] = []
    counted: dict[str, dict[str, list[str]]] = {}
    for feed, spec in sorted(feeds.items()):
        shown = landing.list(spec.folder, spec.pattern)
        asked = _asked(shown, only, is_whole)
        named = {f.key for f in shown if only is None or f.key in only}
        landed.changing += sorted(named - {f.key for f in asked})
        receipts = _Receipts(archive, feed)
        dated = arrived or run_date if spec.business_date.source == "run" else run_date
        seen = archive.recall(feed)
        digests = _digests(landed, seen, [f for f in asked if f.key in receipts.newest])
        for file in asked:
            content = None
            if file.key not in digests:
                # New by its name: it has to be archived, and that yields its digest, too.
                content = landed.archived(archive, file)
                digests[file.key] = content.sha256 if content else None
            sha256 = digests[file.key]
            if sha256 is not None and receipts.newest.get(file.key) != sha256:
                content = content or landed.archived(archive, file)
                receipt = content and _register(receipts, spec, file, content, dated)
                taken += [receipt] if receipt else []
            elif sha256 is not None and not content:
                _restore(landed, archive, file, sha256, seen)
        _remember(archive, feed, shown, asked, digests)
        had = {
            f.key: [f.state, sha256]
            for f in asked
            if (sha256 := digests[f.key]) is not None
            and (f.settled or only is not None)
            and receipts.newest.get(f.key) == sha256
        }
        kept = archive.recall(_taken_name(feed))
        here = {f.key: kept[f.key] for f in shown if f.key in kept}
        counted[feed] = {**here, **had}
    failed = _look_into_each(archive, counted, look_into)
    return IntakeResult(
        tuple(taken),
        tuple(landed.changing),
        () if only is not None else tuple(unmatched(landing, feeds.values())),
        IntakeError(landed.unread, failed) if landed.unread or failed else None,
    )


def _restore(
    landed: Landed,
    archive: Archive,
    file: LandedFile,
    sha256: str,
    seen: Mapping[str, list[str]],
) -> None:
    """Archive the bytes of a known delivery again if they are gone, or were delivered again."""
    again = seen.get(file.key, [""])[0] != file.state
    if again or not archive.holds(sha256, file.bytes):
        landed.archived(archive, file)


def _asked(
    shown: list[LandedFile],
    only: Mapping[str, str] | None,
    is_whole: Callable[[LandedFile], bool],
) -> list[LandedFile]:
    """Return the files to take in: those that are named, in their state, else those at rest."""
    if only is None:
        return [file for file in shown if is_whole(file)]
    return [file for file in shown if only.get(file.key) == file.state]


def _look_into_each(
    archive: Archive,
    counted: Mapping[str, Mapping[str, list[str]]],
    look_into: Callable[[str], object],
) -> list[ParseFailuresError]:
    """Parse what each feed has delivered, and note its files as taken in but for the unparsed."""
    # If intake is killed before the dates of a file are known, it processes the file again: a
    # receipt alone does not show what is outstanding.
    failed = []
    for feed, states in counted.items():
        left: frozenset[str] = frozenset()
        try:
            look_into(feed)
        except ParseFailuresError as error:
            failed.append(error)
            left = error.files
        archive.remember(_taken_name(feed), {f: s for f, s in states.items() if f not in left})
    return failed


def taken_states(archive: Archive, feed: str) -> dict[str, str]:
    """Return the state in which each file of a feed was taken in; a missing entry does no harm.

    Of a file that is no more in the landing zone nothing is kept.
    """
    return {file: state for file, (state, _) in archive.recall(_taken_name(feed)).items()}


def _taken_name(feed: str) -> str:
    return f"{feed}.taken"


def business_date_of(
    spec: FeedSpec, file: str, run_date: dt.date
) -> tuple[dt.date | None, str | None]:
    """Return the date that a file's name or the run states, or the reason why there is none.

    Both are None when a column of each record states it.
    """
    if spec.business_date.source == "run":
        return run_date, None
    if spec.business_date.pattern is None:
        return None, None
    try:
        return date_in_name(spec.business_date.pattern, PurePosixPath(file).name), None
    except ValueError as error:
        return None, f"no business date: {error}"


def _digests(
    landed: Landed,
    seen: Mapping[str, list[str]],
    asked: list[LandedFile],
) -> dict[str, str | None]:
    """Return the SHA-256 of each requested file, None for one left to the next intake.

    A file that stands as it did when it was last read is not read again.
    """
    digests: dict[str, str | None] = {}
    for file in asked:
        state, digest = seen.get(file.key, ["", ""])
        digests[file.key] = digest if state == file.state else landed.sha256(file)
    return digests


def _remember(
    archive: Archive,
    feed: str,
    shown: list[LandedFile],
    asked: list[LandedFile],
    digests: Mapping[str, str | None],
) -> None:
    seen = archive.recall(feed)
    others = {f.key: seen[f.key] for f in shown if f.key in seen and f.key not in digests}
    keep = {f.key: [f.state, d] for f in asked if f.settled and (d := digests[f.key])}
    archive.remember(feed, {**others, **keep})


class _Receipts:
    """The receipts of a feed; `newest` has the SHA-256 of each file name's newest delivery."""

    def __init__(self, archive: Archive, feed: str) -> None:
        self.archive, self.feed = archive, feed
        self.read()

    def read(self) -> None:
        """Read them again."""
        known = self.archive.receipts(self.feed)
        self.last = known[-1].seq if known else 0
        self.newest = {receipt.file: receipt.sha256 for receipt in known}

    def add(self, receipt: Receipt) -> bool:
        """Keep a new one; False when another process has taken its number."""
        if not self.archive.register(receipt):
            # Whoever took the number has registered something that is not known here yet.
            self.read()
            return False
        self.last, self.newest[receipt.file] = receipt.seq, receipt.sha256
        return True


def _register(
    receipts: _Receipts,
    spec: FeedSpec,
    file: LandedFile,
    content: Content,
    run_date: dt.date,
) -> Receipt | None:
    """Return the receipt of a new delivery; None if another process registered it."""
    date, refused = business_date_of(spec, file.key, run_date)
    while receipts.newest.get(file.key) != content.sha256:
        receipt = Receipt(
            feed=spec.feed,
            seq=receipts.last + 1,
            file=file.key,
            bytes=content.bytes,
            sha256=content.sha256,
            run_date=run_date,
            business_date=date,
            refused=refused,
        )
        if receipts.add(receipt):
            return receipt
    return None


def is_new(landing: Landing, archive: Archive, spec: FeedSpec) -> bool:
    """Return True if the landing zone holds what a feed's receipts, or the archive, lack."""
    newest = _Receipts(archive, spec.feed).newest
    shown = landing.list(spec.folder, spec.pattern)
    if {f.key for f in shown} - newest.keys():
        return True
    digests = _digests(Landed(landing), archive.recall(spec.feed), shown)
    _remember(archive, spec.feed, shown, shown, digests)
    sizes = {f.key: f.bytes for f in shown}
    return any(
        newest[key] != digest or not archive.holds(digest, sizes[key])
        for key, digest in digests.items()
    )
