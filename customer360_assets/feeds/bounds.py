"""What an expression may call, and how far it may lengthen the text of a record."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from sqlglot import exp
from sqlglot.parser import Parser

from resources.dialect.lint import written_functions
from resources.dialect.subset import INSTEAD, RECORD_FUNCTIONS

LONGEST_EXPRESSION = 8_000
LONGEST_PADDED = 1_000
LARGEST_GROWTH = 1_000
"""Product of the lengths of what an expression puts in place of each match, nested or not."""

_OUTSIDE_THE_RECORD = (
    # A parameter of the statement, which may be a secret of the platform.
    exp.Placeholder,
    exp.Parameter,
    exp.SessionParameter,
    exp.CurrentCatalog,
    *Parser.NO_PAREN_FUNCTIONS.values(),
    # One record stays one record.
    exp.Unnest,
    exp.Explode,
    exp.Lambda,
)


def problem_of(text: str, tree: exp.Expr) -> str | None:
    """Return the first reason for which an expression is refused, None where it may stand."""
    return next(_problems(text, tree), None)


def _problems(text: str, tree: exp.Expr) -> Iterator[str]:
    if not isinstance(tree, exp.Condition | exp.AtTimeZone):
        yield f"is {tree.key}, not an expression over a record's fields"
    if found := tree.find(*_OUTSIDE_THE_RECORD):
        yield f"has {found.key}: it must depend on the record's fields alone"
    called = [name for name, _ in written_functions(text)]
    called += [node.name.lower() for node in tree.find_all(exp.Anonymous)]
    for name in called:
        if name not in RECORD_FUNCTIONS:
            why = INSTEAD.get(name, f"write one of {' '.join(sorted(RECORD_FUNCTIONS))}")
            yield f"calls {name}, which expressions may not: {why}"
    yield from _growth(tree)


def _growth(tree: exp.Expr) -> Iterator[str]:
    """Yield what makes a text longer without a bound that can be read here."""
    for node in tree.find_all(exp.Pad):
        size = _number(node.expression)
        if size is None or size > LONGEST_PADDED:
            yield f"pads without a bound: write the length as a number up to {LONGEST_PADDED:,}"
    put_in = [node.args.get("replacement") for node in tree.find_all(exp.Replace)]
    put_in += [node.args.get("replacement") for node in tree.find_all(exp.RegexpReplace)]
    put_in += [node.expression for node in tree.find_all(exp.ArrayToString)]
    lengths = [_length(text) for text in put_in if text is not None]
    if None in lengths:
        yield "puts in a text of any length: write what replace or array_join puts in as a literal"
    elif math.prod(max(1, length or 0) for length in lengths) > LARGEST_GROWTH:
        yield f"may make a text more than {LARGEST_GROWTH:,} times as long"


def _number(node: Any) -> int | None:
    literal = isinstance(node, exp.Literal) and not node.is_string and node.name.isdigit()
    return int(node.name) if literal else None


def _length(node: Any) -> int | None:
    return len(node.name) if isinstance(node, exp.Literal) and node.is_string else None
