"""A home and a landing zone that hold one case, and what a run of the command left in them."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from customer360_assets.publishing.lake_tables import readable
from customer360_assets.publishing.platform import Platform
from resources.deployment.deployment import Deployment, deployment
from resources.wiring.deployed import services_of
from tests.run.small_bank import Row, run_here

PROFILE = "profile.customer_360"


class Site:
    """A copy of a case's folder, with a home of its own."""

    def __init__(self, case: Path, root: Path, feeds: Mapping[str, str], home: str) -> None:
        self.case, self.landing, self.home = case, root / "landing", root / home
        for file in filter(Path.is_file, (case / "landing").rglob("*")):
            self.deliver(file.relative_to(case), file.relative_to(case / "landing"))
        self.feeds = self._feeds(root / "feeds", feeds)

    def _feeds(self, own: Path, added: Mapping[str, str]) -> str | None:
        """Write the feed set: that of the case, else the built-in one, with lines added."""
        given = self.case / "feeds"
        if not added and not given.is_dir():
            return None
        built_in = resources.files("customer360_assets.feeds.sets") / "workshop"
        own.mkdir()
        for file in (given if given.is_dir() else built_in).iterdir():
            if file.name.endswith(".yaml"):
                lines = added.get(file.name.removesuffix(".yaml"), "")
                (own / file.name).write_bytes(file.read_bytes() + lines.encode())
        return str(own)

    def deliver(self, file: Path | str, to: Path | str) -> None:
        """Copy a file of the case into the landing zone; the case itself may be read-only."""
        target = self.landing / to
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.case / file, target)

    def run(self, date: str) -> tuple[int, str]:
        """Run the command; return its code and what it printed, each line break a blank."""
        code, printed = run_here(self.home, self.landing, date, self.feeds)
        return code, " ".join(printed.split())

    @property
    def landed(self) -> set[str]:
        """Files of the landing zone; a leading dot hides a file."""
        paths = (p.relative_to(self.landing) for p in self.landing.rglob("*") if p.is_file())
        return {p.as_posix() for p in paths if not p.name.startswith(".")}

    def lines(self, file: str) -> int:
        """Count the lines of a landed file that hold something."""
        return sum(bool(line.strip()) for line in (self.landing / file).read_bytes().split(b"\n"))

    @property
    def deployment(self) -> Deployment:
        """The home's deployment."""
        return deployment(self.home, landing=self.landing, feeds=self.feeds)


class Lake:
    """All dates of the tables of a home."""

    def __init__(self, target: Deployment) -> None:
        self._platform = Platform(**services_of(target))
        lake = self._platform.lake
        self.tables = sorted(lake.tables())
        wanted = [t for t in self.tables if not t.startswith("dimension.")]
        self._session = self._platform.sql.session(
            {t: readable(self._platform, t, [str(f) for f in lake.files(t)]) for t in wanted}
        )

    def rows(self, query: str) -> list[Row]:
        """Return the rows of a query."""
        found: list[Row] = self._session.query(query).to_pylist()
        return found

    def count(self, table: str, where: str = "true") -> Counter[str]:
        """Count the rows of a table by delivery."""
        query = f"SELECT delivery_id, count(*) AS n FROM {table} WHERE {where} GROUP BY delivery_id"
        return Counter({row["delivery_id"]: row["n"] for row in self.rows(query)})

    def clients(self, date: str) -> int:
        """Count the clients of a date's profile."""
        dates = self._platform.lake.dates(PROFILE) if PROFILE in self.tables else {}
        return {str(d): n for d, n in dates.items()}.get(date, 0)


def differences(found: Sequence[Row], expected: Sequence[tuple[Any, ...]]) -> list[str]:
    """Name the places at which rows are not as expected, without any value of them.

    Dates, times and decimals are expected as text.
    """
    if len(found) != len(expected):
        return [f"{len(found)} rows for {len(expected)}"]
    return [
        f"row {number}: {column}"
        for number, (row, wanted) in enumerate(zip(found, expected, strict=True), start=1)
        for (column, value), right in zip(row.items(), wanted, strict=True)
        if _plain(value) != right
    ]


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, int) else str(value)
