"""Expressions of a specification: Athena dialect in, DuckDB out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from customer360_assets.feeds.bounds import LONGEST_EXPRESSION, problem_of

_NOT_A_FUNCTION_OF_THE_RECORD = (
    exp.AggFunc,
    exp.Window,
    exp.Subquery,
    exp.Select,
    exp.CurrentDate,
    exp.CurrentTimestamp,
    exp.Rand,
    exp.Uuid,
    exp.Star,
)


@dataclass(frozen=True)
class Expression:
    """An expression over one delivered record: the fields that it reads, and its DuckDB form."""

    fields: tuple[str, ...]
    duckdb: str


@cache
def athena_expression(text: str) -> Expression:
    """Return the expression; ValueError when it is not one over the fields of a single record.

    It calls functions of a stated list alone: the engine's own read settings, files and variables.
    """
    if len(text) > LONGEST_EXPRESSION:
        raise ValueError(f"an expression has at most {LONGEST_EXPRESSION:,} characters")
    try:
        tree = sqlglot.parse_one(text, read="athena")
    except RecursionError:
        raise ValueError("the expression is nested too deeply") from None
    except SqlglotError as error:
        line = str(error).splitlines()[0]
        raise ValueError(f"{text!r} is not an Athena expression: {line}") from None
    if found := tree.find(*_NOT_A_FUNCTION_OF_THE_RECORD):
        raise ValueError(f"{text!r} has {found.key}: it must depend on the record's fields alone")
    if problem := problem_of(text, tree):
        raise ValueError(f"{text!r} {problem}")
    fields = dict.fromkeys(c.name for c in tree.find_all(exp.Column))
    if not fields:
        raise ValueError(f"{text!r} reads no delivered field")
    return Expression(tuple(fields), tree.sql("duckdb", identify=True, comments=False))
