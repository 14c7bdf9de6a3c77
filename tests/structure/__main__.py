"""Print measures of the code's structure.

Import circles are counted by the kind of import that closes them; layers are those of the
contracts of import-linter in this tree's pyproject.toml. Words are counted in
the sources without the tests, lines of files in the tests, too.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from tests.structure.chain import longest_chain
from tests.structure.imports import Kind, circles, imports, modules, upward
from tests.structure.prose import prose

ROOT = Path(__file__).resolve().parents[2]
SOURCES = (
    "benchmarks",
    "customer360_assets",
    "dependencies",
    "engines",
    "infra",
    "resources",
    "simulator",
    "spark",
)


def report(root: Path, verbose: bool = False) -> list[str]:
    """Return the lines to print about a tree of the project."""
    files = modules(root, SOURCES)
    with_tests = modules(root, (*SOURCES, "tests"))
    found = imports(with_tests)
    circular, climbing = circles(found), upward(found, ROOT / "pyproject.toml")
    kinds = Counter(circle.kind for circle in circular)
    words = prose(file.read_text("utf-8") for file in files.values())
    every = prose(file.read_text("utf-8") for file in with_tests.values())
    importers = len({one.importer for one in climbing})
    lines = [
        f"Import circles: {len(circular)}"
        f" ({kinds[Kind.MODULE]} at import, {kinds[Kind.FUNCTION]} closed within functions,"
        f" {kinds[Kind.TYPES]} closed for types)",
        f"Imports from a lower to a higher package: {len(climbing)} (in {importers} modules)",
        f"Docstrings that begin with Give, Say or Tell: {words.unusual} of {words.docstrings}",
        f"'told' and 'tell' per 1,000 lines: {words.odd:.1f}",
        f"Lines of a file: median {every.median:.0f}, most {every.longest}",
    ]
    if verbose:
        lines += [f"circle: {', '.join(circle.modules)}" for circle in circular]
        lines += [f"upward: {one.importer} imports {one.imported}" for one in climbing]
    return lines


def main(arguments: list[str] | None = None) -> None:
    """Print the report of this tree, or of another checkout."""
    parser = argparse.ArgumentParser(prog="python -m tests.structure", description=__doc__)
    parser.add_argument("--root", type=Path, default=ROOT, help="a checkout (default: this one)")
    parser.add_argument("--verbose", action="store_true", help="also name circles and imports")
    given = parser.parse_args(arguments)
    lines = report(given.root, given.verbose)
    chain = longest_chain(given.root.resolve())
    lines.append(f"Longest chain of calls from a landed file to its published rows: {len(chain)}")
    print("\n".join(lines + (chain if given.verbose else [])))  # noqa: T201 - a command


if __name__ == "__main__":
    main()
