"""JSON functions with Trino's answers, each document read as seldom as DuckDB allows.

A function of DuckDB reads the whole text anew. What one SELECT takes out of one column is therefore
asked for as one list of paths: an expression that stands there many times and is computed once.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

_PATHS = "json_paths"


def gather_paths(root: Any) -> None:
    """Note at each extraction from a column the paths that its SELECT takes out of that column."""
    from sqlglot import exp

    found: dict[tuple[int, str, type], list[Any]] = defaultdict(list)
    for node in root.find_all(exp.JSONExtract, exp.JSONExtractScalar):
        if isinstance(node.this, exp.Column):
            select = node.find_ancestor(exp.Select)
            found[id(select), node.this.sql("athena"), type(node)].append(node)
    for nodes in found.values():
        paths = tuple(dict.fromkeys(_path(node) for node in nodes))
        for node in nodes:
            node.meta[_PATHS] = paths


def extract(node: Any) -> Any:
    """Give DuckDB's json_extract: NULL for a text that is no JSON."""
    found = _listed(node, "json_extract") or _tried(node, "json_extract", _path(node))
    found.meta["kind"] = "json"
    return found


def extract_scalar(node: Any) -> Any:
    """Give DuckDB's json_extract_string: NULL, too, for what is an object, an array or null."""
    from sqlglot import exp

    kinds = _listed(node, "json_type") or _tried(node, "json_type", _path(node))
    nested = exp.In(this=kinds, expressions=_texts(("OBJECT", "ARRAY", "NULL")))
    scalar = exp.not_(nested, copy=False)
    if (found := _listed(node, "json_extract_string", only_if=scalar)) is None:
        value = _tried(node, "json_extract_string", _path(node))
        found = exp.Case(ifs=[exp.If(this=scalar, true=value)])
    found.meta["kind"] = "varchar"
    return found


def array_length(node: Any) -> Any:
    """Give the elements of an array; NULL for a text that is no array."""
    from sqlglot import exp

    operand = node.expressions[0]
    scalar = exp.EQ(this=_called("TRY", _called("json_type", operand)), expression=_text("ARRAY"))
    length = exp.cast(_called("TRY", _called("json_array_length", operand)), "BIGINT")
    return exp.Case(ifs=[exp.If(this=scalar, true=length)])


def _listed(node: Any, function: str, only_if: Any = None) -> Any:
    """Give the element of the list over all paths; None where no other is taken from there."""
    from sqlglot import exp

    paths = node.meta.get(_PATHS)
    if paths is None:
        return None
    place = exp.Literal.number(paths.index(_path(node)) + 1)
    if only_if is not None:
        # No CASE: what stands in one is not shared. There is no element 0.
        place = exp.Mul(this=place, expression=exp.cast(only_if, "INTEGER"))
    whole = _called(function, node.this, exp.Array(expressions=_texts(paths)))
    return _called("list_extract", _called("TRY", whole), place)


def _tried(node: Any, function: str, path: str) -> Any:
    return _called("TRY", _called(function, node.this, _text(path)))


def _path(node: Any) -> str:
    return str(node.expression.sql("athena").strip("'"))


def _called(function: str, *arguments: Any) -> Any:
    from sqlglot import exp

    return exp.Anonymous(this=function, expressions=[a.copy() for a in arguments])


def _text(value: str) -> Any:
    from sqlglot import exp

    return exp.Literal.string(value)


def _texts(values: tuple[str, ...]) -> list[Any]:
    return [_text(value) for value in values]
