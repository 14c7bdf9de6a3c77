"""What every subject is given: where the deliveries lie, the date, and the key of card tokens."""

from __future__ import annotations

import argparse
import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from resources.deployment.card_token import CardKey

CARD_KEY = "00112233445566778899aabbccddeeff" * 2
"""A key for simulated cards alone, so that every subject makes the same tokens."""


@dataclass(frozen=True)
class Task:
    """The deliveries to read, the business date, and the folder to write."""

    landing: Path
    business_date: dt.date
    out: Path

    @property
    def variables(self) -> dict[str, str]:
        """Return what the queries read with var()."""
        inner, outer = CardKey(bytes.fromhex(CARD_KEY)).pads
        return {
            "landing": str(self.landing),
            "business_date": self.business_date.isoformat(),
            "inner_pad": inner.hex(),
            "outer_pad": outer.hex(),
        }

    @property
    def argv(self) -> list[str]:
        """The command line that `task_of` reads."""
        return [str(self.landing), self.business_date.isoformat(), str(self.out)]


def task_of(argv: list[str] | None = None) -> Task:
    """Read LANDING BUSINESS_DATE OUT."""
    parser = argparse.ArgumentParser()
    parser.add_argument("landing", type=Path)
    parser.add_argument("business_date", type=dt.date.fromisoformat)
    parser.add_argument("out", type=Path)
    given = parser.parse_args(argv)
    return Task(given.landing.resolve(), given.business_date, given.out.resolve())
