"""Athena SQL as sqlglot's tree, and DuckDB expressions made of templates."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from resources.protocols.errors import ExplainedError


class NotAthenaSqlError(ExplainedError, ValueError):
    """A text that is not one statement or expression of the Athena dialect."""


@lru_cache(maxsize=256)
def parse(sql: str) -> Any:
    """Return sqlglot's tree of one Athena statement or expression; do not change it.

    The parameters are named p1, p2, … in the order of the text. ValueError when it does not parse.
    """
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError
    from sqlglot.tokens import TokenType

    try:
        tokens = sqlglot.tokenize(sql, read="athena")
        marks = [t for t in tokens if t.token_type == TokenType.PLACEHOLDER]
        for number, mark in reversed(list(enumerate(marks, start=1))):
            sql = f"{sql[: mark.start]}:p{number}{sql[mark.end + 1 :]}"
        # A comment behind the last semicolon is a statement to sqlglot.
        nothing = (type(None), exp.Semicolon)
        statements = [s for s in sqlglot.parse(sql, read="athena") if not isinstance(s, nothing)]
    except SqlglotError as error:
        where = error.errors[0] if getattr(error, "errors", None) else {}
        position = f" at line {where['line']}, column {where['col']}" if where else ""
        message = f"this is not Athena SQL{position}: {where.get('description', 'unreadable')}"
    else:
        if len(statements) == 1:
            return statements[0]
        message = (
            f"this is not one statement but {len(statements)}: give one at a time"
            if statements
            else "this is not Athena SQL: there is no statement in it"
        )
    raise NotAthenaSqlError(message)


@lru_cache(maxsize=512)
def _template(sql: str) -> Any:
    import sqlglot

    return sqlglot.parse_one(sql, read="duckdb")


def duck(sql: str, **parts: Any) -> Any:
    """Return the DuckDB expression with each `name_` in it replaced by the part of that name."""
    from sqlglot import exp

    tree = exp.paren(_template(sql).copy(), copy=False)
    for column in list(tree.find_all(exp.Column)):
        if column.name.endswith("_") and column.name[:-1] in parts:
            column.replace(parts[column.name[:-1]].copy())
    inner = tree.this
    return tree if isinstance(inner, exp.Binary | exp.Unary) else inner
