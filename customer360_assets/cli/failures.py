"""What a command says when it fails: a sentence with what to do, never a traceback."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from resources.protocols.errors import DISK_FULL, ExplainedError

FULL = (errno.ENOSPC, errno.EDQUOT)
ROOM = 1 << 20
OF_THE_MACHINE = (
    errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO, errno.EISDIR, errno.ENOTDIR, errno.ELOOP,
    errno.ENAMETOOLONG, errno.EMFILE, errno.ENFILE, errno.EFBIG, errno.ESTALE,
)  # fmt: skip
"""Errors of the file system that say nothing of a defect here."""
DATABASES = {
    "lake/catalog.db": "Restore it from a backup of the home: it says which files are published.",
    "serving/*.db": "Delete it and materialize serving/customer_profile of the newest business date"
    " in customer360 ui, which reloads it from profile.customer_360.",
    "dagster/**/*.db": "Restore it, or move the folder dagster away and run again: the record of"
    " runs is lost, and what is not on record is made again.",
}
"""The databases of a home, and what to do when one is damaged."""


def usage_of(error: Exception) -> str:
    """Return what is wrong with a command line, on one line."""
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    context = getattr(error, "ctx", None)
    see = f" See {context.command_path} --help." if context is not None else ""
    return f"{' '.join(message.split()).rstrip('.')}.{see}"


def sentence_of(error: BaseException, given: Path | None) -> str:
    """Return the message for a user; the traceback of a defect goes into a file."""
    home = _home(given)
    chain = list(_chain(error))
    return (
        next((str(e) for e in chain if isinstance(e, ExplainedError)), None)
        or next((said for e in chain if (said := _of_the_machine(e))), None)
        or next((said for e in chain if (said := _of_a_database(e, home))), None)
        or _of_a_defect(error, home)
    )


def _home(given: Path | None) -> Path | None:
    from resources.deployment.deployment import home_folder

    with suppress(ExplainedError):
        return home_folder(given)
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        hidden = error.__suppress_context__
        error = error.__cause__ or (None if hidden else error.__context__)


def _of_the_machine(error: BaseException) -> str | None:
    if not isinstance(error, OSError) or error.errno not in (*FULL, *OF_THE_MACHINE):
        return None
    if error.errno in FULL:
        return DISK_FULL
    where = f" ({error.filename})" if error.filename else ""
    return f"{error.strerror}{where}. Fix that and run the same command again."


def _of_a_database(error: BaseException, home: Path | None) -> str | None:
    if not isinstance(error, sqlite3.DatabaseError):
        return None
    text = str(error)
    if "disk is full" in text or _no_room(home):
        return DISK_FULL
    if "is locked" in text:
        return "Another process holds a database of the home. Run again when it has ended."
    if "readonly" in text:
        return f"The home {home} cannot be written to. Run as the user that owns it."
    return next(damaged_databases(home), None) if home else None


def _no_room(home: Path | None) -> bool:
    """Return whether the disk is full: SQLite calls it an I/O error where it maps a file."""
    try:
        return home is not None and shutil.disk_usage(home).free < ROOM
    except OSError:
        return False


def damaged_databases(home: Path) -> Iterator[str]:
    """Return a sentence for each database of the home that SQLite cannot read."""
    for pattern, what_to_do in DATABASES.items():
        for path in sorted(home.glob(pattern)):
            if not _is_sound(path):
                yield f"The database {path} is damaged. {what_to_do}"


def _is_sound(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"file:{_quoted(path)}?mode=ro", uri=True)) as database:
            (answer,) = database.execute("PRAGMA quick_check(1)").fetchone()
            (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error:
        return False
    return bool(answer == "ok" and tables)


def _quoted(path: Path) -> str:
    from urllib.parse import quote

    return quote(str(path.absolute()))


def _of_a_defect(error: BaseException, home: Path | None) -> str:
    said = f"This is a defect of the program ({type(error).__name__})."
    if (file := _kept(error, home)) is None:
        return f"{said} CUSTOMER360_DEBUG=1 prints its traceback."
    return f"{said} Its traceback is in {file}; CUSTOMER360_DEBUG=1 prints it."


def _kept(error: BaseException, home: Path | None) -> Path | None:
    """Write the traceback into the home, for its owner alone: it may quote a record.

    Returns None where there is no home that can be written to.
    """
    if home is None or not home.is_dir():
        return None
    text = "".join(traceback.format_exception(error))
    try:
        logs = home / "logs"
        logs.mkdir(exist_ok=True)
        handle, name = tempfile.mkstemp(".txt", "error-", logs)
    except OSError:
        return None
    with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)
    return Path(name)
