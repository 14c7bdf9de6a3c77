"""Make the home of a release as an archive: python -m tests.upgrade.make_home CHECKOUT ARCHIVE.

CHECKOUT is a folder with the source of that release. Its command runs in this interpreter on the
invented bank of `tests.upgrade.bank`; the archive holds the folders `home` and `landing`.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path

from tests.upgrade.bank import deliver, rounds

COMMAND = "from customer360_assets.cli.main import app; app()"
OF_A_PROCESS = ("*.db-wal", "*.db-shm", "*.lock", ".lock")


def run_rounds(checkout: Path, root: Path) -> None:
    """Deliver each round and run the command of a checkout on it."""
    landing, home = root / "landing", root / "home"
    env = {**os.environ, "PYTHONPATH": str(checkout), "CUSTOMER360_SETTLE_SECONDS": "0"}
    for date, files in rounds():
        deliver(landing, files)
        arguments = ["run", "--home", home, "--landing", landing, "--business-date", date]
        subprocess.run([sys.executable, "-c", COMMAND, *arguments], env=env, cwd=root, check=True)


def strip(home: Path) -> None:
    """Remove what a home does without: logs of steps, spill space, unused pages of databases."""
    for folder in ("dagster/storage", "scratch", "logs"):
        shutil.rmtree(home / folder, ignore_errors=True)
    for database in home.rglob("*.db"):
        with closing(sqlite3.connect(database)) as opened:
            opened.execute("VACUUM")
            opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for pattern in OF_A_PROCESS:
        for left in home.rglob(pattern):
            left.unlink(missing_ok=True)


def anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Return an entry without the user who made it."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def main(checkout: Path, archive: Path) -> None:
    """Make a home with the code of a checkout and put it into an archive."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        run_rounds(checkout.resolve(), root)
        strip(root / "home")
        with tarfile.open(archive, "w:xz", preset=9) as packed:
            for name in ("home", "landing"):
                packed.add(root / name, name, filter=anonymous)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
