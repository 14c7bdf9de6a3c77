"""The commit marker of a parsed delivery: what became of its records, and where they lie."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from customer360_assets.deliveries.parsing.sketch import KeySketch

MARKER = "parsed.json"


class Parsed(BaseModel):
    """What a delivery held. Records = loaded + quarantined when status is loaded.

    business_date: the delivery's own; that of most records where they state it. quarantined:
    records by rule. set_aside: values of loaded records, which are null there, by rule. rows and
    files: by business date, files relative to the folder of the parsed delivery. keys: of a delta,
    which keys each date brings.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    delivery_id: str
    fingerprint: str
    status: Literal["loaded", "refused"]
    reason: str | None = None
    notes: tuple[str, ...] = ()
    business_date: dt.date | None = None
    records: int | None = None
    loaded: int = 0
    quarantined: dict[str, int] = {}
    set_aside: dict[str, int] = {}
    rows: dict[dt.date, int] = {}
    files: dict[dt.date, tuple[str, ...]] = {}
    keys: dict[dt.date, KeySketch] = {}

    @property
    def in_quarantine(self) -> bool:
        """Return True if the delivery has a file in quarantine."""
        return bool(self.quarantined or self.set_aside)


def parsed_folder(lake_dir: Path, feed: str) -> Path:
    """Return the folder of all parsed deliveries of a feed."""
    return lake_dir / "raw" / feed / "data"


def folder_of(lake_dir: Path, feed: str, delivery_id: str, fingerprint: str) -> Path:
    """Return the folder of a delivery's Parquet files and marker."""
    return parsed_folder(lake_dir, feed) / f"{delivery_id}-{fingerprint[:8]}"


def quarantine_of(lake_dir: Path, feed: str, delivery_id: str, fingerprint: str) -> Path:
    """Return the file of what a delivery has in quarantine; it is there only if there is any."""
    folder = lake_dir / "quarantine" / feed / "data" / f"raw-{delivery_id}-{fingerprint[:8]}"
    return folder / "records.parquet"


def read_marker(folder: Path) -> Parsed | None:
    """Return what was parsed into a folder; None if nothing was, or parsing did not finish."""
    try:
        return Parsed.model_validate_json((folder / MARKER).read_bytes())
    except (FileNotFoundError, ValidationError):
        # A damaged marker is as none: the delivery is parsed again.
        return None


def put_in_place(made: Path, folder: Path) -> None:
    """Move a finished folder into place; complete one that lacks files, its marker last."""
    if not folder.exists():
        made.rename(folder)
        return
    files = [path for path in made.rglob("*") if path.is_file()]
    for file in sorted(files, key=lambda path: (path.name == MARKER, path)):
        target = folder / file.relative_to(made)
        target.parent.mkdir(parents=True, exist_ok=True)
        file.replace(target)
    shutil.rmtree(made)


def forget_parsed(lake_dir: Path, file: Path) -> tuple[str, frozenset[dt.date], list[Path]] | None:
    """Discard the parsed form of a file's delivery; None if the file is not a parsed one.

    Returns the feed, the dates that the delivery has files of, and those files.
    """
    schema, feed, _, name, *_ = file.relative_to(lake_dir).parts
    if schema == "quarantine" and name.startswith("raw-"):
        name = name.removeprefix("raw-")
    elif schema != "raw" or feed == "delivery":
        return None
    folder = parsed_folder(lake_dir, feed) / name
    parsed = read_marker(folder)
    (folder / MARKER).unlink(missing_ok=True)
    if parsed is None:
        return feed, frozenset(), []
    dates = {*parsed.files, *([parsed.business_date] if parsed.business_date else [])}
    files = [folder / f for date in parsed.files for f in parsed.files[date]]
    quarantine = lake_dir / "quarantine" / feed / "data" / f"raw-{name}" / "records.parquet"
    return feed, frozenset(dates), [*files, quarantine]


def write_marker(folder: Path, parsed: Parsed) -> None:
    """Write the marker durably."""
    with (folder / MARKER).open("w", encoding="utf-8") as file:
        file.write(parsed.model_dump_json(indent=1))
        file.flush()
        os.fsync(file.fileno())
