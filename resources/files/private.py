"""Files for the user alone who runs the platform, whatever the machine's umask is."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

PRIVATE_UMASK = 0o077


def keep_private() -> None:
    """Deny other users access to all that this process and its children create from now on."""
    os.umask(PRIVATE_UMASK)


def make_private(folder: Path) -> None:
    """Create a folder for this user alone, or close one that is open to every user.

    A group that its owner has let in (750, or an access control list) is left in, and a folder of
    another owner is left as it is: what this user makes in it is private anyway.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if stat.S_IMODE(folder.stat().st_mode) & 0o007:
        with suppress(PermissionError):
            folder.chmod(0o700)


def may_write(path: Path) -> bool:
    """Return True if this process may write to a file or folder, or create it."""
    existing = next(p for p in (path, *path.parents) if p.exists())
    return os.access(existing, os.W_OK)
