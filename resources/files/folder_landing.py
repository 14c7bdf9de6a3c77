"""The landing zone of a home: a directory."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from resources.files.listing import fitting, pattern_parts
from resources.files.regular import (
    GONE,
    inside,
    kind_of,
    open_regular,
    stat_regular,
    stats_regular,
)
from resources.protocols.landing import LandedFile, Page

_TICK_NS = 2_000_000_000
_PAGE = 1000


class LocalLanding:
    """A landing zone that is a directory. Hidden files (a leading dot) are not deliveries."""

    def __init__(self, directory: Path) -> None:
        self._root = directory

    def list(self, folder: str = "", pattern: str = "**/*") -> list[LandedFile]:
        """Return the files of a folder that match a glob pattern, by key."""
        return [file for page in self.pages(folder, pattern) for file in page.files]

    def keys(self, folder: str = "", pattern: str = "**/*") -> set[str]:
        """Return the keys of the files of a folder that match a glob pattern."""
        found = fitting(self._root, inside(folder), pattern_parts(pattern))
        return {key for key in found if _has_key(key)}

    def pages(
        self, folder: str, pattern: str, *, prefix: str = "", after: str = ""
    ) -> Iterator[Page]:
        """Yield the files of `list`, by key and in pages."""
        keys = self.keys(folder, pattern)
        wanted = sorted(key for key in keys if key.startswith(prefix) and key > after)
        for start in range(0, len(wanted), _PAGE):
            keys_here = wanted[start : start + _PAGE]
            files = [_landed(key, stat) for key, stat in stats_regular(self._root, keys_here)]
            yield Page(files, keys_here[-1])

    def state(self, key: str) -> LandedFile | None:
        """Return the file as it is now, None if it is gone."""
        with suppress(*GONE):
            return _landed(key, stat_regular(self._root, key))
        return None

    def open(self, key: str) -> BinaryIO:
        """Open a file's bytes; NotAFileError for a link, a pipe or a device."""
        return open_regular(self._root, key)

    def out_of_reach(self) -> tuple[str, ...]:
        """Name files whose names are no UTF-8, folders that are closed, and what is no file."""
        found, todo = list[str](), [self._root]
        while todo:
            folder = todo.pop()
            try:
                with os.scandir(folder) as entries:
                    shown = [entry for entry in entries if not entry.name.startswith(".")]
            except PermissionError:
                found.append(_readable(folder.relative_to(self._root)))
                continue
            except (FileNotFoundError, NotADirectoryError):
                continue
            todo += [Path(e.path) for e in shown if e.is_dir(follow_symlinks=False)]
            found += [t for e in shown if (t := _refused(self._root, e)) is not None]
        return tuple(sorted(found))


def _landed(key: str, stat: os.stat_result) -> LandedFile:
    # ctime and inode too: a tool that keeps mtime (cp -p, rsync -t) still changes these.
    modified = f"{stat.st_mtime_ns}:{stat.st_ctime_ns}:{stat.st_ino}"
    # Two writes within one tick of the file system's clock leave the same times.
    rested = time.time_ns() - stat.st_ctime_ns
    return LandedFile(key, stat.st_size, modified, settled=rested > _TICK_NS, rested=rested / 1e9)


def _has_key(key: str) -> bool:
    """Return True if the name is valid UTF-8; other names cannot be stored."""
    try:
        key.encode()
    except UnicodeEncodeError:
        return False
    return True


def _refused(root: Path, entry: os.DirEntry[str]) -> str | None:
    """Return the name of what is never listed, with the reason if the name itself is good."""
    if entry.is_dir(follow_symlinks=False):
        return None
    if entry.is_file(follow_symlinks=False) and _has_key(entry.path[len(str(root)) :]):
        return None
    path = Path(entry.path).relative_to(root)
    if entry.is_file(follow_symlinks=False):
        return _readable(path)
    with suppress(FileNotFoundError):
        kind = kind_of(entry.stat(follow_symlinks=False).st_mode)
        return f"{_readable(path)} ({kind or 'no file'}: refused)"
    return None


def _readable(path: Path) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")
