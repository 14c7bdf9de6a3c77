"""The worked examples of the documents: code blocks that are files of a copy of the project."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
SECTION = re.compile(r"^## \d\. `(.+?)`\n(.*?)(?=^## )", flags=re.M | re.S)
BLOCK = re.compile(r"^```\w+\n(.*?)^```$", flags=re.M | re.S)
RECORDS = "GOOD: dict[str, dict[str, Any]] = {\n"
"""Where a block goes into a file that exists."""
JUDGE = """
from benchmarks.queries import Query, queries, render

def judged(table, **variables):
    (text,) = (query.text for query in queries() if query.table == table)
    return render(text, variables, lambda name: Query(name, "").table)

def texts(rows):
    return [{name: str(value) for name, value in row.items()} for row in rows]
"""
"""Beginning of a program in the copy: the second judge's query of a table, and rows as texts."""


def examples(page: str, name: str) -> Iterator[tuple[str, str]]:
    """Yield path and block of each section that is headed by a path, placeholders filled."""
    for path, section in SECTION.findall((DOCS / page).read_text("utf-8")):
        (block,) = BLOCK.findall(section)
        yield re.sub(r"<\w+>", name, path), block


def add_examples(tree: Path, page: str, name: str) -> list[str]:
    """Add the blocks of a page to a copy of the project, and return their paths."""
    added = dict(examples(page, name))
    for path, block in added.items():
        file, text = tree / path, block
        if file.exists():
            before, found, after = file.read_text("utf-8").partition(RECORDS)
            assert found, f"{path} is there, and has no place for a record"
            text = before + found + block + after
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return sorted(added)
