"""Plain technical English: no banned words, and docstrings that start with a verb."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (
    "benchmarks", "customer360_assets", "dependencies", "docs", "engines", "infra", "resources",
    "simulator", "spark", "sql", "tests",
)  # fmt: skip
BANNED = re.compile(
    r"(?<![a-z])(?:told|tells?|telling|hangs? on|all the same|without a hand|answers for it)"
    r"(?![a-z])",
    re.IGNORECASE,
)
EXCEPTIONS = {
    "customer360_assets/automation/alerts/sensor.py": "a key in the cursors of sensors that run",
    "tests/package/test_plain_english.py": "this rule",
    "tests/structure/__main__.py": "counts these words",
    "tests/structure/prose.py": "counts these words",
    "tests/structure/test_imports.py": "counts these words",
}
REFUSED = {
    "ask", "asks", "give", "gives", "has", "have", "know", "knows", "let", "lets", "say", "says",
    "tell", "tells", "told", "what", "when", "where", "whether", "why",
}  # fmt: skip
"""First words of a function's docstring that are no verb of the usual form ("Return", "Raise")."""


def _files(*endings: str) -> Iterator[tuple[str, str]]:
    found = [*ROOT.glob("*"), *(p for folder in FOLDERS for p in (ROOT / folder).rglob("*"))]
    for path in sorted(found):
        if path.suffix in endings and path.is_file():
            yield path.relative_to(ROOT).as_posix(), path.read_text("utf-8")


def banned_in(text: str) -> list[str]:
    """Return the lines that use a banned word, each with its number."""
    lines = enumerate(text.splitlines(), 1)
    return [f"{number}: {line.strip()}" for number, line in lines if BANNED.search(line)]


def odd_docstrings(text: str) -> list[str]:
    """Return the functions, tests apart, whose docstring starts or ends in another form."""
    odd = []
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        summary = (ast.get_docstring(node) or "").partition("\n\n")[0]
        if not summary or node.name.startswith("test_"):
            continue
        first = re.split(r"\W", summary, maxsplit=1)[0]
        if first.lower() in REFUSED or first[:1].islower() or not summary.endswith("."):
            odd.append(f"{node.name}: {summary}")
    return odd


def test_no_banned_word() -> None:
    files = list(_files(".md", ".py", ".sql"))
    found = {n: odd for n, text in files if n not in EXCEPTIONS and (odd := banned_in(text))}
    assert found == {}
    assert len(files) > 700


def test_every_exception_is_needed() -> None:
    assert [n for n in EXCEPTIONS if not banned_in((ROOT / n).read_text("utf-8"))] == []


def test_docstrings_start_with_a_verb() -> None:
    files = list(_files(".py"))
    assert {name: odd for name, text in files if (odd := odd_docstrings(text))} == {}
    assert len(files) > 700


@pytest.mark.parametrize(
    "summary",
    ["Give the rows.", "Say: nothing.", "Whether it is so.", "return the rows.", "Return the rows"],
)
def test_the_rule_finds_a_docstring_of_another_form(summary: str) -> None:
    assert odd_docstrings(f'def rows():\n    """{summary}"""\n') == [f"rows: {summary}"]
    assert odd_docstrings('def rows():\n    """Return the rows."""\n') == []


@pytest.mark.parametrize(
    "word", ["it is told once", "def _tell(): ...", "def it_is_told(): ...", "Tells", "hangs on"]
)
def test_the_rule_finds_a_banned_word(word: str) -> None:
    assert banned_in(f"fine\n{word}\n") == [f"2: {word}"]
    assert banned_in("foretold, a storyteller, intelligence") == []
