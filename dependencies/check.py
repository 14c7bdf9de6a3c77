"""python -m dependencies.check: the lock files compared with pinned advisories and licences."""

from __future__ import annotations

import sys

from dependencies import advisories, licences
from dependencies.accepted import accepted
from dependencies.locks import pins
from dependencies.stated import installed


def main() -> int:
    """Print what is wrong, one a line; return 1 if anything is."""
    locked, allowed, audit = pins(), accepted(), advisories.audit()
    found = [
        *advisories.broken(audit, locked, allowed.advisories),
        *licences.broken(licences.listed(), locked, installed(licences.FOLDERS), allowed.licences),
    ]
    if audit.taken is None:
        sys.stdout.write(f"{advisories.NEVER}\n")
    else:
        sys.stdout.write(f"advisories: {audit.source}, {audit.taken}\n")
    for line in found:
        sys.stderr.write(f"{line}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
