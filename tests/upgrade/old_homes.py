"""What tests ask of a home of an earlier release."""

from __future__ import annotations

import json
import sqlite3
import stat
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from customer360_assets.cli.main import app
from resources.deployment.deployment import deployment
from resources.deployment.whereabouts import HOME_FILE, SETTINGS_FILE
from resources.embedded.opened import open_lake
from tests.upgrade.bank import LAST

FIRST_MAIN = Path(__file__).with_name("home_2026_11_22.tar.xz")
"""Made by `tests.upgrade.make_home` with the release before homes had a number of their layout."""


def said_by(*arguments: str | Path, code: int = 0) -> str:
    """Return what a command prints."""
    done = CliRunner().invoke(app, [str(a) for a in arguments])
    assert done.exit_code == code, done.output
    return str(done.output)


@dataclass(frozen=True)
class OldHome:
    """A home and the folder that its deliveries arrived in."""

    home: Path
    landing: Path

    def said_by(self, *command: str, code: int = 0) -> str:
        """Return what a command says of this home."""
        return said_by(*command, "--home", self.home, code=code)

    def run(self) -> str:
        """Run everything outstanding up to the last date; return what the command prints."""
        return self.said_by("run", "--landing", str(self.landing), "--business-date", LAST)

    def record(self) -> dict[str, Any]:
        """Return what the home says of itself."""
        found: dict[str, Any] = json.loads((self.home / HOME_FILE).read_text())
        return found

    def state(self) -> dict[str, object]:
        """Return all that an upgrade decides: rows and columns, checksums, settings, rights."""
        lake = open_lake(deployment(self.home, older=True))
        with closing(sqlite3.connect(self.home / "lake" / "catalog.db")) as catalog:
            digests = catalog.execute("SELECT * FROM file_digest ORDER BY file").fetchall()
        return {
            "rows": {t: [b.to_pylist() for b in lake.batches(t)] for t in lake.tables()},
            "columns": {t: lake.load(t).schema().column_names for t in lake.tables()},
            "digests": digests,
            "settings": (self.home / SETTINGS_FILE).read_text(),
            "dagster": (self.home / "dagster" / "dagster.yaml").read_text(),
            "layout": self.record()["layout"],
            "open": self.open_to_others(),
        }

    def open_to_others(self) -> list[str]:
        """Return the files that another user of the machine may read, write or enter."""
        everything = [self.home, *self.home.rglob("*")]
        return [str(p) for p in everything if stat.S_IMODE(p.lstat().st_mode) & 0o077]
