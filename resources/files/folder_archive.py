"""The archive of a home: a directory of contents."""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from resources.files.sha256 import sha256_of
from resources.protocols.archive import Content


class LocalArchive:
    """An archive that is a directory: content/<2 hex>/<sha256>."""

    def __init__(self, directory: Path) -> None:
        self._root = directory
        self._cleared = False

    def put(self, chunks: Iterable[bytes]) -> Content:
        """Keep the bytes, byte for byte, under their SHA-256."""
        digest, size = hashlib.sha256(), 0
        with self._incoming() as incoming:
            with incoming.open("wb") as draft:
                for chunk in chunks:
                    digest.update(chunk)
                    size += len(chunk)
                    draft.write(chunk)
                draft.flush()
                os.fsync(draft.fileno())
            incoming.chmod(0o400)
            target = self._content(digest.hexdigest())
            # Content that was damaged is restored by a delivery of the same bytes.
            if not (self.holds(digest.hexdigest(), size) and sha256_of(target) == target.name):
                target.parent.mkdir(parents=True, exist_ok=True)
                incoming.replace(target)
        return Content(digest.hexdigest(), size)

    def holds(self, sha256: str, size: int) -> bool:
        """Return whether a file of that name and size is kept."""
        # By text: this is asked of every delivery, and paths as objects cost more than the look.
        try:
            kept = os.stat(f"{self._root}/content/{sha256[:2]}/{sha256}")  # noqa: PTH116
        except FileNotFoundError:
            return False
        return kept.st_size == size

    def path(self, sha256: str) -> Path:
        """Return the file of these bytes."""
        found = self._content(sha256)
        if not found.is_file():
            raise FileNotFoundError(f"the archive holds no content {sha256}")
        return found

    def share(self, folder: Path) -> None:
        """Do nothing: what was parsed lies where everybody reads it."""

    def parsed_here(self, folder: Path) -> frozenset[str] | None:
        """Return the names of the folders in a folder of the lake."""
        if not folder.is_dir():
            return frozenset()
        with os.scandir(folder) as found:
            return frozenset(entry.name for entry in found)

    def _content(self, sha256: str) -> Path:
        return self._root / "content" / sha256[:2] / sha256

    @contextmanager
    def _incoming(self) -> Iterator[Path]:
        """Yield a new draft file; before the first, remove those that no process holds any more.

        A lock says so, not the number of a process: on the same disk another container has other
        numbers. The system frees it when the process dies.
        """
        folder = self._root / "incoming"
        folder.mkdir(parents=True, exist_ok=True)
        if not self._cleared:
            self._cleared = True
            for left in folder.iterdir():
                _clear(left)
        handle, draft = _draft_in(folder)
        try:
            yield draft
        finally:
            draft.unlink(missing_ok=True)
            os.close(handle)


def _draft_in(folder: Path) -> tuple[int, Path]:
    """Return a draft file and the handle that holds its lock."""
    while True:
        handle, name = tempfile.mkstemp(dir=folder)
        fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink:
            return handle, Path(name)
        # Cleared by another process before the lock was had.
        os.close(handle)


def _clear(draft: Path) -> None:
    """Delete a draft unless a process holds it."""
    with suppress(FileNotFoundError, PermissionError, BlockingIOError):
        handle = os.open(draft, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever made it has moved it on if its name is no more here.
            draft.unlink(missing_ok=True)
        finally:
            os.close(handle)
