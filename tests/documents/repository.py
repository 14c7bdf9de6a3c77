"""The files of the repository that people read."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    p.relative_to(ROOT).as_posix() for p in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
)
FOLDERS = (
    "benchmarks", "customer360_assets", "dependencies", "docs", "engines", "infra", "resources",
    "simulator", "spark", "sql", "tests",
)  # fmt: skip
"""Where the files lie that documents name."""


def text_of(document: str) -> str:
    return (ROOT / document).read_text("utf-8")


def code_spans(text: str) -> list[str]:
    """Return what stands between single backticks, code blocks left out."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))


def paths_named(text: str) -> list[str]:
    """Return the code spans that are paths of the repository, without those with a placeholder."""
    start = re.compile(rf"(?:{'|'.join(FOLDERS)})/[\w./-]*")
    return [span for span in code_spans(text) if start.fullmatch(span)]
