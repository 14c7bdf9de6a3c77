"""SQLite files of a home: their addresses, also where this user may only read them."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from urllib.parse import quote

from resources.files.private import may_write

WAIT_SECONDS = 60


def read_only_options(database: Path) -> dict[str, str]:
    """Return what an address needs if this process may not write to the database; else nothing.

    With no write-ahead log beside it nobody writes to it now, and SQLite need not create one.
    """
    if not database.exists() or (may_write(database) and may_write(database.parent)):
        return {}
    logged = database.with_name(f"{database.name}-wal").exists()
    return {"mode": "ro"} if logged else {"mode": "ro", "immutable": "1"}


def file_address(database: Path) -> str:
    """Return the path as a `file:` address, whatever characters it has."""
    return f"file:{quote(str(database.absolute()))}"


def connect(database: Path, timeout: float = WAIT_SECONDS) -> sqlite3.Connection:
    """Return a connection that begins no transaction itself; read only where it may not write."""
    options = "&".join(f"{name}={value}" for name, value in read_only_options(database).items())
    address = file_address(database) + (f"?{options}" if options else "")
    return sqlite3.connect(address, uri=True, timeout=timeout, isolation_level=None)
