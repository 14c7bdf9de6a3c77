"""Banks that are built once and put back for each test that goes on from them."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from customer360_assets.runs.backup import restore
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
        """Restore the bank as it was."""
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.copytree(self.copy, self.root, symlinks=True)
        return SmallBank(self.root)

    def put_at(self, root: Path) -> SmallBank:
        """Copy the bank, as it was, to another folder."""
        shutil.copytree(self.copy, root, symlinks=True)
        restore(root / "home")
        return SmallBank(root)


def kept_once(
    factory: pytest.TempPathFactory, name: str, build: Callable[[Path], SmallBank]
) -> Kept:
    """Keep a bank that the first worker of the session builds and each other one copies."""
    root = factory.mktemp(name) / "bank"
    base = factory.getbasetemp()
    of_all = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    shared = of_all / f"shared {name}"
    with shared.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not shared.exists():
            kept = Kept.of(build(root), name)
            draft = shared.with_suffix(".partial")
            shutil.rmtree(draft, ignore_errors=True)
            shutil.copytree(kept.copy, draft, symlinks=True)
            draft.rename(shared)
            return kept
    return Kept.of(Kept(root, shared).put_at(root), name)
