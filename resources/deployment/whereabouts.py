"""Which home a folder is, where it was made and in which layout.

A copied or moved home must be restored first, and one of an earlier release upgraded.

The tables of a home name their files by whole paths. Those of a copy name the files of the
original: to write to a copy would change, and delete, what the original reads.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

from resources.protocols.errors import ExplainedError

HOME_FILE = "home.json"
SETTINGS_FILE = "settings.json"
CATALOG = Path("lake", "catalog.db")
LAYOUT = 2
"""Version of what a home keeps and how: raised with each change that `customer360 upgrade` makes.

A home whose record states none is of a release before the first number, which counts as 0.
"""
UNUSABLE = re.compile(r"[?*\[\]{}\x00-\x1f\x7f]")
"""Characters that one of the engines reads as a pattern, a query or the end of a path."""


class PlaceError(ExplainedError, ValueError):
    """A home cannot be used where it is; the message says what to do."""


def refuse_unusable(home: Path, landing: Path | None) -> None:
    """Raise PlaceError if a home cannot be at a path, before anything is written there."""
    if not _is_text(home) or (found := UNUSABLE.search(str(home))):
        what = repr(found.group()) if _is_text(home) and found else "bytes that are not UTF-8"
        raise PlaceError(
            f"The path of the home {_shown(home)} holds {what}, which not every engine can read: "
            "give a --home without ? * [ ] { } and control characters."
        )
    if landing is not None and home.is_relative_to(landing):
        raise PlaceError(
            f"The home {home} is within the landing folder {landing}: its own files would be taken "
            "for deliveries. Give a --home outside of it."
        )


def is_home(home: Path) -> bool:
    """Return True if something was built in a folder."""
    return any((home / mark).exists() for mark in (SETTINGS_FILE, CATALOG))


def layout_of(home: Path) -> int:
    """Return the version of a home's layout; that of this release for a folder without a home."""
    kept = _record(home)
    if kept is None:
        return 0 if is_home(home) else LAYOUT
    return int(kept.get("layout", 0))


def refuse_newer(home: Path) -> None:
    """Raise PlaceError if a newer release has made or upgraded the home."""
    if (layout := layout_of(home)) > LAYOUT:
        raise PlaceError(
            f"{home} has layout {layout} of a newer release of customer360, and this one knows"
            f" layouts up to {LAYOUT}: use the newer release."
        )


def refuse_older(home: Path) -> None:
    """Raise PlaceError if the home must be upgraded first."""
    if layout_of(home) < LAYOUT:
        raise PlaceError(
            f"{home} was made by an earlier release. Copy it with customer360 backup, then run"
            f" customer360 upgrade --home {home}."
        )


def refuse_elsewhere(home: Path) -> None:
    """Raise PlaceError if the home has been copied or moved here and was not restored."""
    made = place_of(home)
    if made is not None and made != home:
        raise PlaceError(
            f"{home} is a copy of the home {made}, or was moved from there, and its tables still "
            f"name files there. Run customer360 restore --home {home} first."
        )


def place_of(home: Path) -> Path | None:
    """Return where a home was made, by its record, else by its catalog; None if neither says."""
    kept = _record(home)
    if kept is not None:
        return Path(kept["path"])
    catalog = home / CATALOG
    if not catalog.is_file():
        return None
    from resources.iceberg.relocate import lake_of_catalog

    # Whoever opens a damaged catalog names it and says what to do.
    with suppress(sqlite3.Error):
        lake = lake_of_catalog(catalog)
        return lake.parent if lake else None
    return None


def record_place(home: Path, *, anew: bool = False) -> None:
    """Write down what the home is and where, unless it says so; `anew` for one of its own."""
    if anew or _record(home) is None:
        _write(home, {"id": uuid.uuid4().hex, "path": str(home), "layout": layout_of(home)})


def record_layout(home: Path) -> None:
    """Write down that the home has the layout of this release."""
    record_place(home)
    _write(home, {**(_record(home) or {}), "layout": LAYOUT})


def _write(home: Path, record: dict[str, Any]) -> None:
    draft = home / f".{HOME_FILE}.{os.getpid()}"
    draft.write_text(json.dumps(record, indent=2), encoding="utf-8")
    draft.replace(home / HOME_FILE)


def _record(home: Path) -> dict[str, Any] | None:
    path = home / HOME_FILE
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError:
        kept = None
    if (
        not isinstance(kept, dict)
        or not isinstance(kept.get("path"), str)
        or not isinstance(kept.get("layout", 0), int)
    ):
        raise PlaceError(f"{path} is damaged. Delete it if the home was neither copied nor moved.")
    return kept


def _is_text(path: Path) -> bool:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(path: Path) -> str:
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
