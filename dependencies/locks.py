"""The pins of the lock files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
IMAGE = ROOT / "locks" / "requirements-image.txt"
LOCKS = (
    ROOT / "locks" / "requirements.txt",
    IMAGE,
    ROOT / "infra" / "requirements-checkov.txt",
    ROOT / "dependencies" / "requirements-pip-audit.txt",
    ROOT / "engines" / "requirements-trino.txt",
    ROOT / "engines" / "requirements-spark.txt",
)
_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;]+)", re.MULTILINE)


class Pin(NamedTuple):
    """A package at the version that a lock file names."""

    name: str
    version: str

    def __str__(self) -> str:
        """Return it as a lock file does."""
        return f"{self.name}=={self.version}"


def normal(name: str) -> str:
    """Return a package's name as PEP 503 writes it, so that spellings compare equal."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(files: Iterable[Path] = LOCKS) -> list[Pin]:
    """Return what the lock files pin, each once, by name and version."""
    found = {
        Pin(normal(name), version)
        for file in files
        for name, version in _PIN.findall(file.read_text(encoding="utf-8"))
    }
    return sorted(found)
