"""The archive of a home: a directory of contents and receipts."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from resources.files.sha256 import sha256_of
from resources.protocols.archive import Content, Receipt, read_receipt


class LocalArchive:
    """An archive that is a directory: content/<2 hex>/<sha256>, receipts/<feed>/<seq>.json."""

    def __init__(self, directory: Path) -> None:
        self._root = directory

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
        try:
            return self._content(sha256).stat().st_size == size
        except FileNotFoundError:
            return False

    def path(self, sha256: str) -> Path:
        """Return the file of these bytes."""
        found = self._content(sha256)
        if not found.is_file():
            raise FileNotFoundError(f"the archive holds no content {sha256}")
        return found

    def receipts(self, feed: str) -> list[Receipt]:
        """Return a feed's receipts by order of arrival."""
        kept = sorted((self._root / "receipts" / feed).glob("*.json"))
        return [read_receipt(p, p.read_bytes()) for p in kept]

    def register(self, receipt: Receipt) -> bool:
        """Keep a receipt under its feed and seq; False when another has that number."""
        name = f"{receipt.seq:08d}.json"
        return self._write_once(self._root / "receipts" / receipt.feed / name, receipt.to_json())

    def note(self, name: str, text: str) -> str:
        """Keep a text under a name, unless there is one."""
        self._write_once(self._root / "notes" / name, text)
        return self.noted(name) or ""

    def noted(self, name: str) -> str | None:
        """Return the text that is kept under a name."""
        with suppress(FileNotFoundError):
            return (self._root / "notes" / name).read_text(encoding="utf-8", errors="replace")
        return None

    def _write_once(self, target: Path, text: str) -> bool:
        target.parent.mkdir(parents=True, exist_ok=True)
        with self._incoming() as draft:
            with draft.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            try:
                # A link, unlike a rename, fails when another process has taken the name.
                os.link(draft, target)
            except FileExistsError:
                return False
        return True

    def recall(self, feed: str) -> dict[str, list[str]]:
        """Return what was last seen of a feed's files."""
        try:
            kept = json.loads((self._root / "seen" / f"{feed}.json").read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return {}
        return dict(kept)

    def remember(self, feed: str, seen: Mapping[str, list[str]]) -> None:
        """Keep what was seen of a feed's files."""
        target = self._root / "seen" / f"{feed}.json"
        text = json.dumps(seen, sort_keys=True)
        if target.exists() and target.read_text(encoding="utf-8") == text:
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        with self._incoming() as draft:
            draft.write_text(text, encoding="utf-8")
            draft.replace(target)

    def pull(self, folder: Path) -> None:
        """Do nothing: there is one folder, and it is here."""

    def push(self, folder: Path) -> None:
        """Do nothing: what was parsed lies where everybody reads it."""

    def _content(self, sha256: str) -> Path:
        return self._root / "content" / sha256[:2] / sha256

    @contextmanager
    def _incoming(self) -> Iterator[Path]:
        """Yield a new draft file, after removing those that no process holds any more.

        A lock says so, not the number of a process: on the same disk another container has other
        numbers. The system frees it when the process dies.
        """
        folder = self._root / "incoming"
        folder.mkdir(parents=True, exist_ok=True)
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
