"""Findings that somebody has accepted, each with a reason: dependencies/accepted.toml."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import NamedTuple

ACCEPTED = Path(__file__).with_name("accepted.toml")


class Advisory(NamedTuple):
    """An advisory that may stand against a package until a date."""

    name: str
    id: str
    reason: str
    until: date


class Accepted(NamedTuple):
    """What was accepted: a licence for each package's name, and advisories."""

    licences: dict[str, str]
    advisories: list[Advisory]


def accepted(file: Path = ACCEPTED) -> Accepted:
    """Return what a file accepts; ValueError where a reason, or a date of an end, is missing."""
    given = tomllib.loads(file.read_text(encoding="utf-8"))
    licences = {entry["name"]: entry for entry in given.get("licence", ())}
    advisories = [
        Advisory(*(entry.get(field) for field in Advisory._fields))
        for entry in given.get("advisory", ())
    ]
    for name, entry in licences.items():
        if not str(entry.get("reason", "")).strip():
            raise ValueError(f"{file.name}: the licence of {name} is accepted without a reason")
    for one in advisories:
        if not (one.name and one.id and str(one.reason or "").strip()):
            raise ValueError(f"{file.name}: an advisory needs a name, an id and a reason: {one.id}")
        if type(one.until) is not date:
            raise ValueError(f"{file.name}: {one.id} of {one.name} needs `until`, a date")
    return Accepted({name: entry["reason"] for name, entry in licences.items()}, advisories)
