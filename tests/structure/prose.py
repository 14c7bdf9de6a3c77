"""Counts of words and lines in the sources."""

from __future__ import annotations

import ast
import re
import statistics
from collections.abc import Iterable
from dataclasses import dataclass

UNUSUAL = re.compile(r"(Give|Say|Tell)s?\b")
ODD = re.compile(r"(?<![a-z])(told|tells?)(?![a-z])", re.IGNORECASE)


@dataclass(frozen=True)
class Prose:
    """What was counted. odd: told and tell per 1,000 lines."""

    docstrings: int
    unusual: int
    odd: float
    median: float
    longest: int


def prose(sources: Iterable[str]) -> Prose:
    """Return the counts of Python sources: docstrings of functions, words, lines of files."""
    texts = list(sources)
    lines = [len(text.splitlines()) for text in texts]
    docstrings = [found for text in texts for found in _docstrings(ast.parse(text))]
    odd = sum(len(ODD.findall(text)) for text in texts)
    return Prose(
        docstrings=len(docstrings),
        unusual=sum(bool(UNUSUAL.match(docstring)) for docstring in docstrings),
        odd=1000 * odd / sum(lines),
        median=statistics.median(lines),
        longest=max(lines),
    )


def _docstrings(tree: ast.AST) -> list[str]:
    functions = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
    return [found for function in functions if (found := ast.get_docstring(function))]
