"""A landing zone, an archive and runs that misbehave as real ones do; time passes on request."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from resources.clock import ClockReading
from resources.protocols.archive import Content
from resources.protocols.landing import LandedFile, Page
from resources.protocols.ledger import FileState, Moment, Receipt, Result

PAUSE = 4
"""Seconds between two writes of a slow writer."""


@dataclass
class Written:
    """A file as it is: bytes, the second of its last write, inode, and its writer's next write."""

    content: bytes
    stamp: str
    second: int
    inode: int
    next_write: float | None = None
    left: int = 0


class ListingError(OSError):
    """The landing zone did not answer."""


@dataclass
class World:
    """A folder whose clock has seconds only, or (`objects`) a bucket whose objects have ETags."""

    objects: bool
    now: float = 100.0
    boot: int = 0
    wall: int = 1_716_000_000
    steps: int = 0
    failing: int = 0
    files: dict[str, Written] = field(default_factory=dict)
    complete: dict[str, list[bytes]] = field(default_factory=dict)
    writes: int = 0

    def clock(self) -> ClockReading:
        """Return the time that the sensor reads."""
        return ClockReading(str(self.boot), self.now)

    def wait(self, seconds: int) -> None:
        """Advance the time; slow writers go on writing."""
        writing = any(file.next_write is not None for file in self.files.values())
        for _ in range(seconds if writing else 1):
            self.now += 1 if writing else seconds
            self.wall += 1 if writing else seconds
            for key, file in list(self.files.items()):
                if file.next_write is not None and self.now >= file.next_write:
                    self._append(key, file)

    def step(self, seconds: int) -> None:
        """Set the wall clock."""
        self.wall += seconds
        self.steps += 1

    def restart(self) -> None:
        """Start the machine again: its clock runs from another zero."""
        self.boot += 1
        before, self.now = self.now, 3.0
        for file in self.files.values():
            if file.next_write is not None:
                file.next_write -= before - self.now

    def write(self, key: str, size: int) -> None:
        """Write a whole file of new bytes; one of the same size keeps its inode."""
        self.writes += 1
        content = b"%06d" % self.writes + b"." * size
        old = self.files.get(key)
        inode = old.inode if old and len(old.content) == len(content) else self.writes
        self._put(key, content, inode)
        self.complete.setdefault(key, []).append(content)

    def write_slowly(self, key: str, chunks: int) -> None:
        """Start a file that is whole only when its writer has written so many chunks more."""
        self.writes += 1
        self._put(key, b"half %06d" % self.writes, self.writes)
        self.files[key].next_write, self.files[key].left = self.now + PAUSE, chunks

    def delete(self, key: str) -> None:
        """Remove a file; its writer ends."""
        self.files.pop(key, None)

    def _append(self, key: str, file: Written) -> None:
        left = file.left - 1
        self._put(key, file.content + b"+", file.inode)
        if left:
            self.files[key].next_write, self.files[key].left = self.now + PAUSE, left
        else:
            self.complete.setdefault(key, []).append(self.files[key].content)

    def _put(self, key: str, content: bytes, inode: int) -> None:
        etag = hashlib.md5(content, usedforsecurity=False).hexdigest() if self.objects else inode
        # The clock's steps stand for what real stamps have beside seconds: nothing comes twice.
        stamp = f"{self.steps}:{self.wall}:{etag}"
        self.files[key] = Written(content, stamp, self.wall, inode)

    def pages(
        self, folder: str, pattern: str, *, prefix: str = "", after: str = ""
    ) -> Iterator[Page]:
        """List two files at a time; each page takes a second."""
        keys = sorted(k for k in self.files if k.startswith(prefix) and k > after)
        for start in range(0, len(keys), 2):
            self.wait(1)
            self._answer()
            here = keys[start : start + 2]
            yield Page([f for k in here if (f := self._shown(k)) is not None], here[-1])

    def keys(self, folder: str = "", pattern: str = "**/*") -> set[str]:
        """Return the keys of everything."""
        return set(self.files)

    def list(self, folder: str = "", pattern: str = "**/*") -> list[LandedFile]:
        """List everything, as an intake does."""
        return [f for k in sorted(self.files) if (f := self._shown(k)) is not None]

    def state(self, key: str) -> LandedFile | None:
        """Return one file as it is."""
        self._answer()
        return self._shown(key)

    def open(self, key: str) -> BinaryIO:
        """Open one file."""
        if key not in self.files:
            raise FileNotFoundError(key)
        return io.BytesIO(self.files[key].content)

    def out_of_reach(self) -> tuple[str, ...]:
        """Keep nothing back."""
        return ()

    def _answer(self) -> None:
        if self.failing:
            self.failing -= 1
            raise ListingError("the landing zone does not answer")

    def _shown(self, key: str) -> LandedFile | None:
        file = self.files.get(key)
        if file is None:
            return None
        settled = self.objects or self.wall > file.second
        return LandedFile(key, len(file.content), file.stamp, settled)


@dataclass
class MemoryArchive:
    """An archive in memory."""

    contents: dict[str, bytes] = field(default_factory=dict)

    def put(self, chunks: Iterable[bytes]) -> Content:
        """Keep bytes."""
        content = b"".join(chunks)
        sha256 = hashlib.sha256(content).hexdigest()
        self.contents[sha256] = content
        return Content(sha256, len(content))

    def holds(self, sha256: str, size: int) -> bool:
        """Return whether the bytes are kept."""
        return sha256 in self.contents

    def path(self, sha256: str) -> Path:
        """Raise FileNotFoundError: there are no files."""
        raise FileNotFoundError(sha256)

    def share(self, folder: Path) -> None:
        """Do nothing."""

    def parsed_here(self, folder: Path) -> None:
        """Return None: nothing is parsed."""


@dataclass
class MemoryLedger:
    """The ledger of one feed in memory. `forgetful`: its next note of what was taken is lost."""

    kept: list[Receipt] = field(default_factory=list)
    memory: dict[str, dict[str, FileState]] = field(default_factory=dict)
    forgetful: bool = False

    def begin(self) -> None:
        """Do nothing."""

    def revision(self, feed: str) -> int:
        """Return how many receipts there are."""
        return len(self.kept)

    def receipts(self, feed: str) -> list[Receipt]:
        """Return the receipts."""
        return list(self.kept)

    def register(self, receipts: Sequence[Receipt]) -> bool:
        """Keep receipts whose numbers follow."""
        if receipts[0].seq != len(self.kept) + 1:
            return False
        self.kept += receipts
        return True

    def results(self, feed: str) -> list[Result]:
        """Return nothing."""
        return []

    def note_results(self, feed: str, results: Sequence[Result]) -> None:
        """Raise AssertionError: nothing is parsed."""
        raise AssertionError(feed)

    def forget_result(self, feed: str, delivery_id: str, fingerprint: str) -> None:
        """Raise AssertionError: nothing is parsed."""
        raise AssertionError(feed)

    def states(self, feed: str, moment: Moment) -> dict[str, FileState]:
        """Return what is remembered."""
        return dict(self.memory.get(moment, {}))

    def note_states(self, feed: str, moment: Moment, states: Mapping[str, FileState]) -> None:
        """Remember, unless a kill comes first."""
        if self.forgetful and moment == "taken":
            self.forgetful = False
            raise KeyboardInterrupt
        self.memory[moment] = dict(states)

    def note(self, name: str, text: str) -> str:
        """Return the text."""
        return text

    def noted(self, name: str) -> str | None:
        """Return nothing."""
        return None
