"""The landing zone: where source systems put their files."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

_TICK_NS = 2_000_000_000
_PAGE = 1000


@dataclass(frozen=True, order=True)
class LandedFile:
    """A file as the landing zone shows it; `modified` changes whenever its bytes may have.

    settled: it cannot change any more without `modified` showing it.
    """

    key: str
    bytes: int
    modified: str
    settled: bool = field(default=True, compare=False)

    @property
    def state(self) -> str:
        """What tells this version of the file from any other of the same name."""
        return f"{self.bytes} {self.modified}"


class Page(NamedTuple):
    """Files by key, and the key up to which nothing else fits."""

    files: list[LandedFile]
    last: str


class Landing(Protocol):
    """What intake needs of a landing zone. Keys are POSIX paths relative to it."""

    def list(self, folder: str = "", pattern: str = "**/*") -> list[LandedFile]:
        """Give the files of a folder that fit a glob pattern, by key; none if it is not there."""
        ...

    def pages(
        self, folder: str, pattern: str, *, prefix: str = "", after: str = ""
    ) -> Iterator[Page]:
        """Give what `list` gives, by key and in pages; each is read when it is asked for.

        prefix: only keys that start so (a whole key's start, folder included); after: only keys
        that come later than this one.
        """
        ...

    def state(self, key: str) -> LandedFile | None:
        """Give the file as it is now, None when it is gone."""
        ...

    def open(self, key: str) -> BinaryIO:
        """Open a file's bytes; FileNotFoundError when it is gone."""
        ...


class LocalLanding:
    """A landing zone that is a directory. Hidden files (a leading dot) are not deliveries."""

    def __init__(self, directory: Path) -> None:
        self._root = directory

    def list(self, folder: str = "", pattern: str = "**/*") -> list[LandedFile]:
        """Give the files of a folder that fit a glob pattern, by key."""
        return [file for page in self.pages(folder, pattern) for file in page.files]

    def pages(
        self, folder: str, pattern: str, *, prefix: str = "", after: str = ""
    ) -> Iterator[Page]:
        """Give what `list` gives, by key and in pages."""
        base = self._root / folder
        keys = (p.relative_to(self._root) for p in base.glob(pattern) if p.is_file())
        shown = (k.as_posix() for k in keys if not any(part.startswith(".") for part in k.parts))
        wanted = sorted(k for k in shown if k.startswith(prefix) and k > after)
        for start in range(0, len(wanted), _PAGE):
            keys_here = wanted[start : start + _PAGE]
            files = [file for key in keys_here if (file := self.state(key)) is not None]
            yield Page(files, keys_here[-1])

    def state(self, key: str) -> LandedFile | None:
        """Give the file as it is now, None when it is gone."""
        try:
            stat = (self._root / key).stat()
        except FileNotFoundError:
            return None
        # ctime and inode too: a tool that keeps mtime (cp -p, rsync -t) still changes these.
        modified = f"{stat.st_mtime_ns}:{stat.st_ctime_ns}:{stat.st_ino}"
        # Two writes within one tick of the file system's clock leave the same times.
        settled = time.time_ns() - stat.st_ctime_ns > _TICK_NS
        return LandedFile(key, stat.st_size, modified, settled)

    def open(self, key: str) -> BinaryIO:
        """Open a file's bytes."""
        return (self._root / key).open("rb")
