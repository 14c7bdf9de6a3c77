"""Files of the landing zone as an intake reads them: each whole, or left and named."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from customer360_assets.feeds.spec import FeedSpec
from resources.protocols.archive import CHUNK, Archive, Content
from resources.protocols.landing import LandedFile, Landing


class _LeftError(Exception):
    """A file could not be read to its end; it has been noted."""


@dataclass
class Landed:
    """A landing zone, and what of it was left for the next intake.

    changing: files that were written, replaced or removed while they were read. unread: files that
    could not be read, with the kind of failure.
    """

    landing: Landing
    changing: list[str] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)

    def sha256(self, file: LandedFile) -> str | None:
        """Return the SHA-256 of a file; None if it is left to the next intake."""
        digest = hashlib.sha256()
        try:
            for chunk in self._chunks(file.key):
                digest.update(chunk)
        except _LeftError:
            return None
        return digest.hexdigest() if self._is_as_before(file) else None

    def archived(self, archive: Archive, file: LandedFile) -> Content | None:
        """Archive a file; None when it is left."""
        try:
            content = archive.put(self._chunks(file.key))
        except _LeftError:
            return None
        return content if self._is_as_before(file, content.bytes) else None

    def _is_as_before(self, file: LandedFile, read: int | None = None) -> bool:
        same = self.landing.state(file.key) == file and read in (None, file.bytes)
        if not same:
            self.changing.append(file.key)
        return same

    def _chunks(self, key: str) -> Iterator[bytes]:
        # What the archive fails with is raised where it writes, and is none of the file's faults.
        try:
            with self.landing.open(key) as opened:
                while chunk := opened.read(CHUNK):
                    yield chunk
        except FileNotFoundError:
            self.changing.append(key)
            raise _LeftError from None
        except OSError as error:
            self.unread[key] = type(error).__name__
            raise _LeftError from None


def unmatched(landing: Landing, feeds: Iterable[FeedSpec]) -> list[str]:
    """Return the files that match no feed's pattern, and names that none can match, printable."""
    matched = {key for spec in feeds for key in landing.keys(spec.folder, spec.pattern)}
    return [*sorted(landing.keys() - matched), *landing.out_of_reach()]
