"""The names of files of a lake of one machine, as its tables have them: `file://` and the path.

Tables of an earlier release have the path alone.
"""

from pathlib import Path

SCHEME = "file://"


def address_of(path: Path | str) -> str:
    """Return the name that a table has for a file or folder of this machine."""
    return f"{SCHEME}{path}"


def path_of(address: str) -> str:
    """Return the path of a file from what a table names it."""
    return address.removeprefix(SCHEME)
