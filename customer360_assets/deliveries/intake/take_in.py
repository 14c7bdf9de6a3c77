"""Intake: what lies in the landing zone is archived, byte for byte, and given a receipt."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from customer360_assets.deliveries.intake.landed import Landed, unmatched
from customer360_assets.deliveries.intake.receipts import Receipts
from customer360_assets.feeds.spec import FeedSpec
from resources.protocols.archive import Archive, Content
from resources.protocols.landing import LandedFile, Landing
from resources.protocols.ledger import MOST_RECEIPTS, FileState, Ledger, Receipt
from resources.protocols.work import report_progress
from resources.side_by_side import side_by_side


@dataclass(frozen=True)
class Intake:
    """What an intake found: new deliveries, files left for next time, files of none of its feeds.

    The last are not looked for when the intake was of certain files alone. unread: files that could
    not be read, with the kind of failure. states: by feed, file and the state in which it was read.
    """

    taken: tuple[Receipt, ...]
    changing: tuple[str, ...]
    unmatched: tuple[str, ...]
    unread: Mapping[str, str]
    states: Mapping[str, Mapping[str, FileState]]


def take_in(
    landing: Landing,
    archive: Archive,
    ledger: Ledger,
    feeds: Mapping[str, FeedSpec],
    run_date: dt.date,
    only: Mapping[str, str] | None = None,
    arrived: dt.date | None = None,
    is_whole: Callable[[LandedFile], bool] = lambda _file: True,
) -> Intake:
    """Register every delivery that is new: another file, or a file with other bytes than before.

    Files are taken by feed and name, so that the order of arrival is the same on every machine. A
    file that changes while it is read is left for the next intake; so is one that is not
    `is_whole`, unless it is named. `only` names files and the state
    that each must still be in: no other is looked at, and none of another state is taken.
    `arrived` dates the files of feeds that state no date; the run's own date if it is not given.
    What cannot be read keeps nothing else from being taken in.
    """
    ledger.begin()
    landed = Landed(landing)
    taken: list[Receipt] = []
    counted: dict[str, dict[str, FileState]] = {}
    for feed, spec in sorted(feeds.items()):
        shown = landing.list(spec.folder, spec.pattern)
        asked = _asked(shown, only, is_whole)
        named = {f.key for f in shown if only is None or f.key in only}
        landed.changing += sorted(named - {f.key for f in asked})
        receipts = Receipts(ledger, spec)
        dated = arrived or run_date if spec.business_date.source == "run" else run_date
        seen = ledger.states(feed, "seen")
        digests: dict[str, str | None] = {}
        for start in range(0, len(asked), MOST_RECEIPTS):
            part = asked[start : start + MOST_RECEIPTS]
            contents = _archived(part, landed, archive, receipts.newest, seen, digests)
            archived = [(f, contents[f.key]) for f in part if f.key in contents]
            taken += receipts.register(archived, dated)
            report_progress(f"Files of {feed} looked at", start + len(part), len(asked))
        _note_seen(ledger, feed, seen, shown, asked, digests)
        had = {
            f.key: FileState(f.state, sha256)
            for f in asked
            if (sha256 := digests[f.key]) is not None
            and (f.settled or only is not None)
            and receipts.newest.get(f.key) == sha256
        }
        kept = ledger.states(feed, "taken")
        here = {f.key: kept[f.key] for f in shown if f.key in kept}
        counted[feed] = {**here, **had}
    return Intake(
        tuple(taken),
        tuple(sorted(landed.changing)),
        () if only is not None else tuple(unmatched(landing, feeds.values())),
        dict(sorted(landed.unread.items())),
        counted,
    )


def _archived(
    files: Sequence[LandedFile],
    landed: Landed,
    archive: Archive,
    newest: Mapping[str, str],
    seen: Mapping[str, FileState],
    digests: dict[str, str | None],
) -> dict[str, Content]:
    """Archive what is new of some files and return it by file; add the digest of each."""
    new = [f for f in files if f.key not in newest]
    digests |= digests_of(landed, seen, [f for f in files if f.key in newest])
    # One that is new by its name has to be archived, and that yields its digest, too.
    others = [f for f in files if f.key in newest and digests[f.key] not in (None, newest[f.key])]
    made = side_by_side(lambda file: landed.archived(archive, file), [*new, *others])
    contents = {f.key: c for f, c in zip([*new, *others], made, strict=True) if c is not None}
    digests |= {f.key: contents[f.key].sha256 if f.key in contents else None for f in new}
    for file in files:
        sha256 = digests[file.key]
        if sha256 is not None and newest.get(file.key) == sha256:
            _restore(landed, archive, file, sha256, seen)
    return contents


def _restore(
    landed: Landed,
    archive: Archive,
    file: LandedFile,
    sha256: str,
    seen: Mapping[str, FileState],
) -> None:
    """Archive the bytes of a known delivery again if they are gone, or were delivered again."""
    again = file.key not in seen or seen[file.key].state != file.state
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


def note_taken(
    ledger: Ledger, feed: str, states: Mapping[str, FileState], unparsed: Collection[str] = ()
) -> None:
    """Note a feed's files as taken in, but for the unparsed; to be called when all are parsed.

    If intake is killed before the dates of a file are known, it processes the file again: a receipt
    alone does not show what is outstanding.
    """
    kept = {file: state for file, state in states.items() if file not in unparsed}
    ledger.note_states(feed, "taken", kept)


def taken_states(ledger: Ledger, feed: str) -> dict[str, str]:
    """Return the state in which each file of a feed was taken in; a missing entry does no harm.

    Of a file that is no more in the landing zone nothing is kept.
    """
    return {file: kept.state for file, kept in ledger.states(feed, "taken").items()}


def digests_of(
    landed: Landed,
    seen: Mapping[str, FileState],
    asked: list[LandedFile],
) -> dict[str, str | None]:
    """Return the SHA-256 of each requested file, None for one left to the next intake.

    A file that stands as it did when it was last read is not read again.
    """
    return {
        file.key: seen[file.key].sha256
        if file.key in seen and seen[file.key].state == file.state
        else landed.sha256(file)
        for file in asked
    }


def _note_seen(
    ledger: Ledger,
    feed: str,
    seen: Mapping[str, FileState],
    shown: list[LandedFile],
    asked: list[LandedFile],
    digests: Mapping[str, str | None],
) -> None:
    others = {f.key: seen[f.key] for f in shown if f.key in seen and f.key not in digests}
    read = {f.key: FileState(f.state, d) for f in asked if f.settled and (d := digests[f.key])}
    ledger.note_states(feed, "seen", {**others, **read})


def is_new(landing: Landing, archive: Archive, ledger: Ledger, spec: FeedSpec) -> bool:
    """Return True if the landing zone holds what a feed's receipts, or the archive, lack."""
    newest = Receipts(ledger, spec).newest
    shown = landing.list(spec.folder, spec.pattern)
    if {f.key for f in shown} - newest.keys():
        return True
    seen = ledger.states(spec.feed, "seen")
    digests = digests_of(Landed(landing), seen, shown)
    _note_seen(ledger, spec.feed, seen, shown, shown, digests)
    sizes = {f.key: f.bytes for f in shown}
    return any(
        newest[key] != digest or not archive.holds(digest, sizes[key])
        for key, digest in digests.items()
    )
