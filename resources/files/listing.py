"""The files of a folder that fit a pattern, while others come and go in it."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path

from resources.files.regular import inside, is_own_folder

MAGIC = re.compile(r"[*?\[]")
_Entry = os.DirEntry[str] | Path


def pattern_parts(pattern: str) -> tuple[str, ...]:
    """Return the parts of a glob pattern; ValueError for one that leaves its folder, or for
    stars that mean different things.
    """
    parts = inside(pattern)
    if any("**" in part and part != "**" for part in parts):
        raise ValueError(f"pattern {pattern!r}: ** stands for whole folders only")
    return parts


def fitting(root: Path, folder: Sequence[str], pattern: Sequence[str]) -> set[str]:
    """Return the POSIX paths, relative to root, of a folder's files that match a pattern.

    They are the regular files that pathlib's glob finds, but for hidden ones and those behind a
    link, which may lead anywhere. What is removed while it is
    listed is not there: glob would fail, and with it the listing of every other file.
    """
    found: set[str] = set()
    todo = [("/".join(folder), tuple(pattern))] if is_own_folder(root, folder) else []
    seen = set(todo)
    while todo:
        here, (first, *rest) = todo.pop()
        further = []
        if first == "**":
            # None of it, or one folder and then any number again; without more, folders alone fit.
            further = [(here, tuple(rest))] if rest else []
            below = _entries(root, here, "*") if rest else []
            further += [(key, (first, *rest)) for key, entry in below if _is_folder(entry)]
        elif rest:
            entries = _entries(root, here, first)
            further = [(key, tuple(rest)) for key, entry in entries if _is_folder(entry)]
        else:
            found.update(key for key, entry in _entries(root, here, first) if _is_file(entry))
        todo += [each for each in further if each not in seen]
        seen.update(further)
    return found


def _entries(root: Path, folder: str, part: str) -> list[tuple[str, _Entry]]:
    """Return the entries of a folder that match one part of a pattern, with their paths."""
    at = f"{folder}/" if folder else ""
    if part.startswith(".") or any(name.startswith(".") for name in folder.split("/")):
        return []
    if not MAGIC.search(part):
        return [(f"{at}{part}", root / folder / part)]
    with suppress(FileNotFoundError, NotADirectoryError, PermissionError):  # noqa: SIM117
        with os.scandir(root / folder) as entries:
            return [
                (f"{at}{entry.name}", entry)
                for entry in entries
                if not entry.name.startswith(".") and fnmatchcase(entry.name, part)
            ]
    return []


def _is_folder(entry: _Entry) -> bool:
    """Return True for a folder, and not for a link to one."""
    with suppress(OSError):
        return entry.is_dir() and not entry.is_symlink()
    return False


def _is_file(entry: _Entry) -> bool:
    """Return True for a regular file, and not for a link to one."""
    with suppress(OSError):
        return entry.is_file() and not entry.is_symlink()
    return False
