"""The licences of the locked packages, listed in dependencies/licences.txt.

`make licences` writes the list; the check compares it with the lock files and what is installed.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from dependencies.locks import LOCKS, Pin, pins
from dependencies.stated import UNKNOWN, installed

LICENCES = Path(__file__).with_name("licences.txt")
PACKAGES = f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
FOLDERS = (Path(sys.prefix) / PACKAGES, Path(sys.prefix) / "policy" / PACKAGES)
# MPL-2.0 asks for the sources of changed files alone; nothing here changes them.
ALLOWED = frozenset(
    {"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "CNRI-Python", "ISC"}
    | {"LicenseRef-BSD", "MIT", "MIT-0", "MPL-2.0", "PSF-2.0", "Zlib"}
)
# Nobody can accept these: a service's users could ask for its sources, or may not use it freely.
NEVER = re.compile(r"AGPL|BUSL|SSPL|Elastic|Commons-Clause|PolyForm|RSAL|FSL-|CC-BY-NC", re.I)


def listed(file: Path = LICENCES) -> dict[Pin, str]:
    """Return the list."""
    lines = file.read_text(encoding="utf-8").splitlines()
    parts = (line.split(" ", 1) for line in lines)
    return {Pin(*pin.split("==")): licence for pin, licence in parts}


def broken(
    known: Mapping[Pin, str],
    locked: Iterable[Pin],
    present: Mapping[Pin, str],
    allowed: Mapping[str, str],
) -> Iterator[str]:
    """Return what keeps a list from passing, given the accepted names and what is installed."""
    wanted = set(locked)
    for pin in sorted(wanted ^ known.keys()):
        where = "locked, not listed" if pin in wanted else "listed, not locked"
        yield f"{pin}: {where}: run `make licences`"
    for pin, licence in sorted(known.items()):
        if present.get(pin, licence) != licence:
            yield f"{pin}: {licence} is listed, {present[pin]} is stated: run `make licences`"
        if NEVER.search(licence):
            yield f"{pin}: {licence} may not be used here"
        elif not may_be_used(licence) and pin.name not in allowed:
            yield f"{pin}: {licence}: allow the licence, or accept the package with a reason"
    names = {pin.name for pin, licence in known.items() if not may_be_used(licence)}
    for name in sorted(allowed.keys() - names):
        yield f"{name}: its licence is accepted without need: remove the entry"


def may_be_used(licence: str) -> bool:
    """Return True if every licence of an expression is allowed, also where one could choose."""
    terms = re.split(r"\s+(?:AND|OR)\s+|[()]", licence)
    return all(term.strip() in ALLOWED for term in terms if term.strip())


def main() -> None:
    """List the licences; what is locked and not installed is fetched by its hashes for it."""
    known = installed(FOLDERS)
    if absent := [pin for pin in pins() if pin not in known]:
        known |= _fetched(absent)
    lines = [f"{pin} {known.get(pin, UNKNOWN)}\n" for pin in pins()]
    LICENCES.write_text("".join(lines), encoding="utf-8")


def _fetched(absent: Iterable[Pin]) -> dict[Pin, str]:
    """Return what packages state; each lock by itself, as two may pin two versions of one."""
    wanted, found = set(absent), dict[Pin, str]()
    for lock in LOCKS:
        entries = re.split(r"\n(?=\S)", lock.read_text(encoding="utf-8").strip())
        if here := [e for e in entries if Pin(*e.split(" ", 1)[0].split("==")) in wanted]:
            found |= _stated_by("\n".join(here) + "\n")
        wanted -= found.keys()
    return found


def _stated_by(lock: str) -> dict[Pin, str]:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
    with tempfile.TemporaryDirectory() as folder:
        file, target = Path(folder) / "lock.txt", Path(folder) / "packages"
        file.write_text(lock, encoding="utf-8")
        subprocess.run([*pip, "--target", str(target), "-r", str(file)], check=True)  # noqa: S603
        return installed([target])


if __name__ == "__main__":
    main()
