"""Files on their way into the landing zone: hidden until they are whole."""

from __future__ import annotations

import fcntl
import filecmp
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from customer360_assets.extraction.extracted import ExtractionError

HIDDEN = ".extraction"


@dataclass(frozen=True)
class Drafts:
    """A hidden folder inside a feed's folder: on its disk, and passed over by intake."""

    folder: Path

    @property
    def hidden(self) -> Path:
        """Return where drafts and scratch files lie."""
        return self.folder / HIDDEN

    def draft(self, name: str) -> Path:
        """Return the path of a file that is being written."""
        return self.hidden / f".{name}.partial"

    def deliver(self, names: list[str]) -> tuple[Path, ...]:
        """Publish finished drafts, in this order; return those that are new or changed.

        A file that stands there with the same bytes is left alone: it was delivered before.
        """
        for name in names:
            with self.draft(name).open("rb") as file:
                os.fsync(file.fileno())
        return tuple(p for name in names if (p := self._shown(name)) is not None)

    def _shown(self, name: str) -> Path | None:
        final = self.folder / name
        if final.exists() and filecmp.cmp(self.draft(name), final, shallow=False):
            return None
        return self.draft(name).replace(final)


@contextmanager
def drafts_in(folder: Path) -> Iterator[Drafts]:
    """Clear what a killed extraction left, and what this one leaves however it ends.

    Raises ExtractionError while another extraction writes here, and for a folder that is a link:
    files would be written outside of the landing zone.
    """
    for place in (folder, folder / HIDDEN):
        if place.is_symlink():
            raise ExtractionError(f"{place} is a symbolic link; put a folder in its place.")
    folder.mkdir(parents=True, exist_ok=True)
    drafts = Drafts(folder)
    handle = os.open(folder, os.O_RDONLY)
    try:
        # On the folder itself: there is no lock file to leave behind.
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(drafts.hidden, ignore_errors=True)
        drafts.hidden.mkdir()
        try:
            yield drafts
        finally:
            shutil.rmtree(drafts.hidden, ignore_errors=True)
    except BlockingIOError:
        raise ExtractionError(f"Another extraction writes to {folder}; wait for it.") from None
    finally:
        os.close(handle)
