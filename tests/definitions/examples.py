"""The worked examples of the documents: the code blocks that are whole files."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^## \d\. `([\w/<>.]+)`\n\n```\w+\n(.*?)^```$", flags=re.M | re.S)
"""A heading that is a path, and the block below it."""
RENDERED = """
from pathlib import Path
import jinja2

def rendered(model, **variables):
    text = Path("benchmarks/dbt/models", model).read_text("utf-8")
    ref = lambda table: table.replace("_", ".", 1)
    return jinja2.Template(text).render(ref=ref, var=variables.__getitem__)
"""
"""Beginning of a program: a dbt model's SQL, over tables with names like "stage.account"."""


def examples(page: str, name: str) -> dict[str, str]:
    """Return the code blocks of a page by their paths, placeholders filled with the name."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    return {re.sub(r"<\w+>", name, path): block for path, block in BLOCK.findall(text)}


def add_examples(tree: Path, page: str, name: str) -> list[str]:
    """Add the files of a page to a copy of the project, and return their paths."""
    files = examples(page, name)
    for path, text in files.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text, "utf-8")
    return sorted(files)
