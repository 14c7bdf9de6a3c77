"""Intake: what lies in the landing zone is archived, byte for byte, and given a receipt."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from customer360_assets.feeds.dates import date_in_name
from customer360_assets.feeds.spec import FeedSpec
from resources.archive import CHUNK, Archive, Content, Receipt
from resources.landing import LandedFile, Landing


@dataclass(frozen=True)
class IntakeResult:
    """What an intake found: new deliveries, files left for next time, files of none of its feeds.

    The last are not looked for when the intake was of certain files alone.
    """

    taken: tuple[Receipt, ...]
    changing: tuple[str, ...]
    unmatched: tuple[str, ...]


def take_in(
    landing: Landing,
    archive: Archive,
    feeds: Mapping[str, FeedSpec],
    run_date: dt.date,
    only: Mapping[str, str] | None = None,
    look_into: Callable[[str], object] = lambda _feed: None,
) -> IntakeResult:
    """Register every delivery that is new: another file, or a file with other bytes than before.

    Files are taken by feed and name, so that the order of arrival is the same on every machine. A
    file that changes while it is read is left for the next intake. `only` names files and the state
    that each must still be in: no other is looked at, and none of another state is taken.
    `look_into` parses what a feed has delivered; only then do its files count as taken in.
    """
    taken: list[Receipt] = []
    counted: dict[str, dict[str, list[str]]] = {}
    changing: list[str] = []
    matched: set[str] = set()
    for feed, spec in sorted(feeds.items()):
        shown = landing.list(spec.folder, spec.pattern)
        asked = shown if only is None else [f for f in shown if only.get(f.key) == f.state]
        changing += [f.key for f in shown if (only or {}).get(f.key, f.state) != f.state]
        receipts = archive.receipts(feed)
        named = {r.file for r in receipts}
        digests = _digests(landing, archive, feed, [f for f in asked if f.key in named])
        matched.update(f.key for f in shown)
        for file in asked:
            content = None
            if file.key not in named:
                # New by its name: it has to be archived, and that tells its digest, too.
                content = _archived(landing, archive, file)
                digests[file.key] = content.sha256 if content else None
            sha256 = digests[file.key]
            if sha256 is None:
                changing.append(file.key)
            elif _latest(receipts, file.key) != sha256:
                content = content or _archived(landing, archive, file)
                if content is None:
                    changing.append(file.key)
                elif _register(archive, receipts, spec, file, content, run_date):
                    taken.append(receipts[-1])
        _remember(archive, feed, shown, asked, digests)
        had = {
            f.key: [f.state, sha256]
            for f in asked
            if (sha256 := digests[f.key]) is not None
            and (f.settled or only is not None)
            and _latest(receipts, f.key) == sha256
        }
        kept = archive.recall(_taken_name(feed))
        here = {f.key: kept[f.key] for f in shown if f.key in kept}
        counted[feed] = {**here, **had}
    # An intake that is killed over a file before its dates are known must come by again: from a
    # receipt alone nobody can tell what is outstanding.
    for feed, states in counted.items():
        look_into(feed)
        archive.remember(_taken_name(feed), states)
    unmatched = [] if only is not None else _unmatched(landing, matched)
    return IntakeResult(tuple(taken), tuple(changing), tuple(unmatched))


def taken_states(archive: Archive, feed: str) -> dict[str, str]:
    """Give the state in which each file of a feed was taken in; less than all is no harm.

    Of a file that is no more in the landing zone nothing is kept.
    """
    return {file: state for file, (state, _) in archive.recall(_taken_name(feed)).items()}


def _taken_name(feed: str) -> str:
    return f"{feed}.taken"


def _unmatched(landing: Landing, matched: set[str]) -> list[str]:
    return [f.key for f in landing.list() if f.key not in matched]


def business_date_of(
    spec: FeedSpec, file: str, run_date: dt.date
) -> tuple[dt.date | None, str | None]:
    """Give the date that a file's name or the run states, and why there is none.

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


def _chunks(landing: Landing, key: str) -> Iterator[bytes]:
    with landing.open(key) as opened:
        while chunk := opened.read(CHUNK):
            yield chunk


def _digests(
    landing: Landing,
    archive: Archive,
    feed: str,
    asked: list[LandedFile],
) -> dict[str, str | None]:
    """Give the SHA-256 of each file asked for, None of one that changed meanwhile.

    A file that stands as it did when it was last read is not read again.
    """
    seen = archive.recall(feed)
    digests: dict[str, str | None] = {}
    for file in asked:
        state, digest = seen.get(file.key, ["", ""])
        digests[file.key] = digest if state == file.state else _sha256(landing, file)
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


def _sha256(landing: Landing, file: LandedFile) -> str | None:
    """Give the SHA-256 of a landed file; None when it changed meanwhile."""
    digest = hashlib.sha256()
    try:
        for chunk in _chunks(landing, file.key):
            digest.update(chunk)
    except FileNotFoundError:
        return None
    return digest.hexdigest() if landing.state(file.key) == file else None


def _archived(landing: Landing, archive: Archive, file: LandedFile) -> Content | None:
    """Archive a file; None when it changed meanwhile."""
    try:
        content = archive.put(_chunks(landing, file.key))
    except FileNotFoundError:
        return None
    return content if landing.state(file.key) == file and content.bytes == file.bytes else None


def _latest(receipts: list[Receipt], file: str) -> str | None:
    """Give the SHA-256 of a file name's newest delivery."""
    return next((r.sha256 for r in reversed(receipts) if r.file == file), None)


def _register(
    archive: Archive,
    receipts: list[Receipt],
    spec: FeedSpec,
    file: LandedFile,
    content: Content,
    run_date: dt.date,
) -> bool:
    """Add the new receipt to those known; False when another process registered this delivery."""
    date, refused = business_date_of(spec, file.key, run_date)
    while _latest(receipts, file.key) != content.sha256:
        receipt = Receipt(
            feed=spec.feed,
            seq=receipts[-1].seq + 1 if receipts else 1,
            file=file.key,
            bytes=content.bytes,
            sha256=content.sha256,
            run_date=run_date,
            business_date=date,
            refused=refused,
        )
        if archive.register(receipt):
            receipts.append(receipt)
            return True
        # Whoever took the number has registered something that is not known here yet.
        receipts[:] = archive.receipts(spec.feed)
    return False


def is_new(landing: Landing, archive: Archive, spec: FeedSpec) -> bool:
    """Say whether the landing zone holds a delivery of a feed that has no receipt yet."""
    receipts = archive.receipts(spec.feed)
    shown = landing.list(spec.folder, spec.pattern)
    if {f.key for f in shown} - {r.file for r in receipts}:
        return True
    digests = _digests(landing, archive, spec.feed, shown)
    _remember(archive, spec.feed, shown, shown, digests)
    return any(_latest(receipts, key) != digest for key, digest in digests.items())
