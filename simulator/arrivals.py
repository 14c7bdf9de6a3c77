"""Lets the deliveries of a simulated bank arrive day by day, with their earlier versions."""

import shutil
from datetime import date
from pathlib import Path

from resources.files.opening import open_duckdb
from simulator.simulate import Simulated


def deliver(
    bank: Simulated, landing: Path, *, until: date, after: date | None = None
) -> list[Path]:
    """Copy what arrives after one day and up to another, in order of arrival; return the files.

    A corrected file arrives twice under one name: the later one takes the place of the earlier.
    """
    with open_duckdb() as connection:
        due = connection.execute(
            "SELECT source, target FROM read_parquet($1) WHERE arrives_on <= $2 AND arrives_on > $3"
            " ORDER BY seq",
            [str(bank.truth("delivery")), until, after or date.min],
        ).fetchall()
    return [_copied(bank.out / source, landing / target) for source, target in due]


def _copied(source: Path, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    # Under another name first: a watcher of the folder never meets half a file.
    partial = target.with_name(f".{target.name}.partial")
    shutil.copyfile(source, partial)
    return partial.replace(target)
