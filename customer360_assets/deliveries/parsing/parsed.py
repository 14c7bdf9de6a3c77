"""The result of a parsed delivery: what became of its records, and where they lie."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from customer360_assets.deliveries.parsing.sketch import KeySketch
from resources.protocols.ledger import Ledger, Result


class Parsed(BaseModel):
    """What a delivery held. Records = loaded + quarantined when status is loaded.

    sha256: of the delivered bytes. business_date: the delivery's own; that of most records where
    they state it. quarantined: records by rule. set_aside: values of loaded records, which are null
    there, by rule. rows and files: by business date, files relative to the folder of the parsed
    delivery. keys: of a delta, which keys each date brings.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    delivery_id: str
    sha256: str | None = None
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

    @property
    def folder_name(self) -> str:
        """The name of the folder of its files."""
        return folder_name(self.delivery_id, self.sha256, self.fingerprint)

    @property
    def result(self) -> Result:
        """Return the result as the ledger keeps it."""
        return Result(self.delivery_id, self.fingerprint, self.model_dump_json())


def folder_name(delivery_id: str, sha256: str | None, fingerprint: str) -> str:
    """Return the name of the folder of what was parsed of a delivery.

    It has a part of the content's SHA-256: after a ledger was restored to an earlier state, another
    delivery may get the same number. sha256: None for results of releases that did not have it.
    """
    content = f"-{sha256[:8]}" if sha256 else ""
    return f"{delivery_id}{content}-{fingerprint[:8]}"


def parsed_folder(lake_dir: Path, feed: str) -> Path:
    """Return the folder of all parsed deliveries of a feed."""
    return lake_dir / "raw" / feed / "data"


def quarantine_of(lake_dir: Path, feed: str, name: str) -> Path:
    """Return the file of what a parsed folder has in quarantine; it is there only if there is any.

    name: of the folder.
    """
    return lake_dir / "quarantine" / feed / "data" / f"raw-{name}" / "records.parquet"


def put_in_place(made: Path, folder: Path) -> None:
    """Move a finished folder into place; complete one that lacks files."""
    if not folder.exists():
        made.rename(folder)
        return
    for file in sorted(path for path in made.rglob("*") if path.is_file()):
        target = folder / file.relative_to(made)
        target.parent.mkdir(parents=True, exist_ok=True)
        file.replace(target)
    shutil.rmtree(made)


def forget_parsed(
    ledger: Ledger, lake_dir: Path, file: Path
) -> tuple[str, frozenset[dt.date], list[Path]] | None:
    """Forget the result of a file's delivery, so that it is parsed again; None for another file.

    Returns the feed, the dates that the delivery has files of, and those files.
    """
    schema, feed, _, name, *_ = file.relative_to(lake_dir).parts
    if schema == "quarantine" and name.startswith("raw-"):
        name = name.removeprefix("raw-")
    elif schema != "raw" or feed == "delivery":
        return None
    results = (Parsed.model_validate_json(r.text) for r in ledger.results(feed))
    parsed = next((result for result in results if result.folder_name == name), None)
    if parsed is None:
        return feed, frozenset(), []
    ledger.forget_result(feed, parsed.delivery_id, parsed.fingerprint)
    folder = parsed_folder(lake_dir, feed) / name
    dates = {*parsed.files, *([parsed.business_date] if parsed.business_date else [])}
    files = [folder / f for date in parsed.files for f in parsed.files[date]]
    quarantine = quarantine_of(lake_dir, feed, name)
    return feed, frozenset(dates), [*files, quarantine]
