"""Regular files below a folder, opened and looked at without following a link on the way.

Whoever may write into the folder could else have any file read that this process may read.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import BinaryIO

_FOLDER = os.O_DIRECTORY | os.O_NOFOLLOW | getattr(os, "O_PATH", os.O_RDONLY)
# A pipe would be waited for until somebody writes to it.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
_KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFBLK: "a device",
    stat.S_IFCHR: "a device",
}


class NotAFileError(OSError):
    """What was to be read is no regular file, or lies behind a link."""


GONE = (FileNotFoundError, NotADirectoryError, PermissionError, NotAFileError)
"""What is said of a file that is not there for this process."""


def kind_of(mode: int) -> str | None:
    """Return what it is that has this mode; None for a regular file and a folder."""
    return _KINDS.get(stat.S_IFMT(mode))


def inside(path: str) -> tuple[str, ...]:
    """Return the parts of a relative POSIX path; ValueError when it could leave its folder."""
    parts = PurePosixPath(path).parts
    if path.startswith("/") or ".." in parts or "\0" in path:
        raise ValueError(f"{path!r} could leave the landing zone: write a path below it")
    return parts


def stat_regular(root: Path, key: str) -> os.stat_result:
    """Return what the system says of a regular file; OSError when there is none of this name."""
    with _parent(root, key) as (folder, name):
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    return _regular(found)


def stats_regular(root: Path, keys: Iterable[str]) -> Iterator[tuple[str, os.stat_result]]:
    """Yield what the system says of those of the keys that are regular files, within reach.

    Keys of one folder that follow each other are looked at through one opening of it.
    """
    for folder, names in groupby(keys, key=lambda key: key.rpartition("/")[0]):
        with suppress(*GONE), _folder(root, inside(folder)) as opened:
            for key in names:
                with suppress(*GONE):
                    name = key.rpartition("/")[2]
                    found = os.stat(name, dir_fd=opened, follow_symlinks=False)
                    yield key, _regular(found)


def open_regular(root: Path, key: str) -> BinaryIO:
    """Open a regular file for reading; OSError when there is none of this name."""
    with _parent(root, key) as (folder, name):
        # Asked first: to open a device may be to do something with it.
        _regular(os.stat(name, dir_fd=folder, follow_symlinks=False))
        opened = os.open(name, _FILE, dir_fd=folder)
    try:
        _regular(os.fstat(opened))
        return os.fdopen(opened, "rb")
    except BaseException:
        os.close(opened)
        raise


def is_own_folder(root: Path, parts: Sequence[str]) -> bool:
    """Return True if each part is a folder, and none a link."""
    try:
        with _folder(root, parts):
            return True
    except OSError:
        return False


@contextmanager
def _parent(root: Path, key: str) -> Iterator[tuple[int, str]]:
    *folders, name = inside(key)
    with _folder(root, folders) as opened:
        yield opened, name


@contextmanager
def _folder(root: Path, folders: Sequence[str]) -> Iterator[int]:
    """Open a folder below the root, which itself may be a link that an operator set."""
    here = os.open(root, os.O_DIRECTORY | getattr(os, "O_PATH", os.O_RDONLY))
    try:
        for folder in folders:
            below = _own_folder(folder, here)
            os.close(here)
            here = below
        yield here
    finally:
        os.close(here)


def _own_folder(name: str, within: int) -> int:
    try:
        return os.open(name, _FOLDER, dir_fd=within)
    except OSError as error:
        # What a system without O_PATH says of a link to a folder.
        if error.errno != errno.ELOOP:
            raise
    raise NotAFileError("a symbolic link in place of a folder")


def _regular(found: os.stat_result) -> os.stat_result:
    if not stat.S_ISREG(found.st_mode):
        raise NotAFileError(f"{kind_of(found.st_mode) or 'a folder'} in place of a file")
    return found
