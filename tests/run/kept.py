"""Banks that are built once and put back for each test that goes on from them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.run.small_bank import SmallBank


@dataclass(frozen=True)
class Kept:
    """A bank as it was at a moment. It comes back where it was: a lake names its files by path.

    So one test has one bank of them: to put one back takes away what stands in its place.
    """

    root: Path
    copy: Path

    @classmethod
    def of(cls, bank: SmallBank, name: str) -> Kept:
        """Keep the bank as it is now."""
        copy = bank.root.with_name(f"{bank.root.name} {name}")
        shutil.copytree(bank.root, copy, symlinks=True)
        return cls(bank.root, copy)

    def back(self) -> SmallBank:
        """Put the bank back as it was."""
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.copytree(self.copy, self.root, symlinks=True)
        return SmallBank(self.root)
