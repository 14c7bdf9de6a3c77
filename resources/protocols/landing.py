"""The landing zone: where source systems put their files."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple, Protocol


@dataclass(frozen=True, order=True)
class LandedFile:
    """A file as the landing zone shows it; `modified` changes whenever its bytes may have.

    settled: it cannot change any more without `modified` showing it. rested: seconds since it
    changed; a place where a file appears whole does not count them.
    """

    key: str
    bytes: int
    modified: str
    settled: bool = field(default=True, compare=False)
    rested: float = field(default=math.inf, compare=False)

    @property
    def state(self) -> str:
        """Return what distinguishes this version of the file from any other of the same name."""
        return f"{self.bytes} {self.modified}"


class Page(NamedTuple):
    """Files by key, and the key up to which nothing else fits."""

    files: list[LandedFile]
    last: str


class Landing(Protocol):
    """What intake needs of a landing zone. Keys are POSIX paths relative to it."""

    def list(self, folder: str = "", pattern: str = "**/*") -> list[LandedFile]:
        """Return the files of a folder that match a glob pattern, by key; none if it is missing."""
        ...

    def keys(self, folder: str = "", pattern: str = "**/*") -> set[str]:
        """Return the keys of the files of `list`, without a look at each of them."""
        ...

    def pages(
        self, folder: str, pattern: str, *, prefix: str = "", after: str = ""
    ) -> Iterator[Page]:
        """Yield the files of `list`, by key and in pages; each page is read on demand.

        prefix: only keys that start so (a whole key's start, folder included); after: only keys
        that come later than this one.
        """
        ...

    def state(self, key: str) -> LandedFile | None:
        """Return the file as it is now, None if it is gone."""
        ...

    def open(self, key: str) -> BinaryIO:
        """Open a file's bytes; FileNotFoundError when it is gone."""
        ...

    def out_of_reach(self) -> tuple[str, ...]:
        """Name, to be read by people, what lies here and is never listed.

        Files whose names are no UTF-8 have no key; folders may be closed to us; links, pipes and
        devices are refused.
        """
        ...
