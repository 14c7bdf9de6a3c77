"""JSON functions with Trino's answers, each document read as seldom as DuckDB allows."""

from __future__ import annotations

from typing import Any

from resources.dialect.scan import TEXTS, path_of
from resources.dialect.tree import duck

_OPENS = "91, 123"
"""The characters that an array and an object begin with."""


def extract(node: Any) -> Any:
    """Return DuckDB's json_extract: NULL for a text that is not JSON."""
    found = _duck("TRY(json_extract(x_, p_))", node)
    found.meta["kind"] = "json"
    return found


def extract_scalar(node: Any) -> Any:
    """Return DuckDB's json_extract_string: NULL also for an object, an array or null."""
    from sqlglot import exp

    scalar = "TRY(json_type(x_, p_)) NOT IN ('OBJECT', 'ARRAY', 'NULL')"
    if TEXTS in node.meta:
        column, place = node.meta[TEXTS]
        text = exp.Anonymous(
            this="list_extract",
            expressions=[exp.column(column, quoted=True), exp.Literal.number(place)],
        )
        # A text that begins as they do may be one of them: it is looked at alone.
        found = _duck(
            f"CASE WHEN ascii(t_) IN ({_OPENS}) THEN CASE WHEN {scalar} THEN t_ END ELSE t_ END",
            node,
            t=text,
        )
    else:
        found = _duck(f"CASE WHEN {scalar} THEN json_extract_string(x_, p_) END", node)
    found.meta["kind"] = "varchar"
    return found


def array_length(node: Any) -> Any:
    """Return the number of elements of an array; NULL for a text that is not an array."""
    return duck(
        "CASE WHEN TRY(json_type(x_)) = 'ARRAY' THEN CAST(json_array_length(x_) AS BIGINT) END",
        x=node.expressions[0],
    )


def array_of(node: Any, *, tried: bool) -> Any:
    """Return the elements of TRY_CAST(json_parse(x) AS array(json)), without writing x out again.

    json_parse fails for a text that is no JSON, and so does json_type; where it is `tried` (within
    TRY), both give NULL.
    """
    kind = "TRY(json_type(x_))" if tried else "json_type(x_)"
    return duck(f"CASE WHEN {kind} = 'ARRAY' THEN json_extract(x_, '$[*]') END", x=node.this)


def _duck(sql: str, node: Any, **parts: Any) -> Any:
    from sqlglot import exp

    return duck(sql, x=node.this, p=exp.Literal.string(path_of(node)), **parts)
