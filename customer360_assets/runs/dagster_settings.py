"""The home's dagster.yaml beside the one that a release ships."""

from __future__ import annotations

import re

from customer360_assets.tables.transformations import code_folder

_BLOCK = re.compile(r"^(?P<key>[A-Za-z_]\w*):.*\n(?:(?:[ \t].*)?\n)*", re.MULTILINE)
"""An entry of the top level, with all that is indented below it."""


def with_shipped(text: str) -> tuple[str, list[str]]:
    """Return a dagster.yaml with the shipped entries that it lacks, and the names of those.

    What it has stays as it is: an operator may have changed it.
    """
    shipped = code_folder("dagster.yaml").read_text(encoding="utf-8")
    have = {found["key"] for found in _BLOCK.finditer(f"{text}\n")}
    blocks = {found["key"]: found.group() for found in _BLOCK.finditer(shipped)}
    added = [key for key in blocks if key not in have]
    more = "".join(blocks[key] for key in added)
    return f"{text.rstrip()}\n{more}" if added else text, added
