"""Known vulnerabilities of the locked packages, pinned in dependencies/advisories.json.

`make advisories` writes the file from what pip-audit found; the check needs no network.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from dependencies.accepted import Advisory
from dependencies.locks import Pin, normal, pins

ADVISORIES = Path(__file__).with_name("advisories.json")
NEVER = "advisories: never fetched, so nothing is compared; run `make advisories` (needs OSV)"


class Audit(NamedTuple):
    """Which packages a source of advisories was asked about, when, and what it named."""

    taken: date | None
    source: str | None
    found: dict[Pin, dict[str, list[str]]]


def audit(file: Path = ADVISORIES) -> Audit:
    """Return the pinned result."""
    given = json.loads(file.read_text(encoding="utf-8"))
    found = {Pin(*key.split("==")): named for key, named in given["packages"].items()}
    taken = given["taken"]
    return Audit(date.fromisoformat(taken) if taken else None, given["source"], found)


def broken(known: Audit, locked: Sequence[Pin], allowed: Iterable[Advisory]) -> Iterator[str]:
    """Return what keeps the lock files from passing, none if no source was ever asked."""
    if known.taken is None:
        return
    open_ended = {(one.name, one.id): one for one in allowed}
    for pin in locked:
        if pin not in known.found:
            yield f"{pin}: no advisories are pinned for this version: run `make advisories`"
        for number, fixed in sorted(known.found.get(pin, {}).items()):
            entry = open_ended.pop((pin.name, number), None)
            if entry is None:
                yield f"{pin}: {number}, fixed in {', '.join(fixed) or 'no version'}"
            elif entry.until < known.taken:
                yield f"{pin}: {number} was accepted until {entry.until} only"
    for name, number in sorted(open_ended):
        yield f"{name}: {number} is accepted, but no locked version has it: remove the entry"


def from_pip_audit(result: dict[str, Any], locked: Sequence[Pin]) -> dict[str, Any]:
    """Return the packages of pip-audit's JSON; ValueError unless it answers for all of them."""
    packages = {}
    for entry in result["dependencies"]:
        if "skip_reason" in entry:
            raise ValueError(f"{entry['name']} was not audited: {entry['skip_reason']}")
        pin = Pin(normal(entry["name"]), entry["version"])
        named = {v["id"]: list(v["fix_versions"]) for v in entry["vulns"]}
        packages[str(pin)] = dict(sorted(named.items()))
    if absent := [str(pin) for pin in locked if str(pin) not in packages]:
        raise ValueError(f"the result does not name {', '.join(absent)}")
    return dict(sorted(packages.items()))


def main(taken: str, source: str, results: Sequence[str]) -> None:
    """Pin the results of pip-audit: DATE SOURCE FILE..."""
    entries = [
        entry for name in results for entry in json.loads(Path(name).read_text())["dependencies"]
    ]
    packages = from_pip_audit({"dependencies": entries}, pins())
    made = {
        "taken": date.fromisoformat(taken).isoformat(),
        "source": source,
        "packages": packages,
    }
    ADVISORIES.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
