"""What a SELECT needs of its one table, prepared below it: unnested lists, texts out of JSON.

DuckDB runs CROSS JOIN UNNEST as a join of the table with itself, and each JSON function reads its
document anew. A list unnested by the projection, and all paths of a document asked for at once in a
subquery, give the same rows.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

TEXTS = "json_texts"
"""Where an extraction notes (the column of all texts, its own place among them)."""


def prepare(root: Any) -> None:
    """Rewrite every SELECT of an Athena tree that reads one table; change the others in nothing."""
    from sqlglot import exp

    for select in list(root.find_all(exp.Select)):
        if select.args.get("from_") and not any(e.is_star for e in select.expressions):
            _unnest(select)
            _extract(select)


def path_of(node: Any) -> str:
    """Return the path of an extraction, as DuckDB reads it."""
    return str(node.expression.sql("athena").strip("'"))


def _unnest(select: Any) -> None:
    from sqlglot import exp

    joins = select.args.get("joins") or []
    listed = joins[0].this if len(joins) == 1 else None
    if not isinstance(listed, exp.Unnest) or joins[0].args.get("on") or joins[0].side:
        return
    names, offset = listed.args["alias"].columns, listed.args.get("offset")
    own = _own_columns(select)
    lists = listed.expressions
    if len(names) != 1 or len(lists) != 1 or not isinstance(lists[0], exp.Column):
        return
    if any(not column.table for column in own):
        return
    made = {names[0].name: exp.func("unnest", lists[0].copy(), dialect="duckdb")}
    if isinstance(offset, exp.Identifier):
        one = exp.Literal.number(1)
        made[offset.name] = exp.Anonymous(
            this="generate_subscripts", expressions=[lists[0].copy(), one]
        )
    alias = listed.alias
    below = _below(select, {f"{alias}.{name}": value for name, value in made.items()})
    select.set("joins", None)
    for column in own:
        if column.table == alias:
            column.replace(exp.column(f"{alias}.{column.name}", table=below, quoted=True))


def _extract(select: Any) -> None:
    from sqlglot import exp

    if select.args.get("joins") or select.args.get("laterals"):
        return
    found: dict[str, list[Any]] = defaultdict(list)
    table = select.args["from_"].this.alias_or_name
    for node in select.find_all(exp.JSONExtractScalar):
        own = isinstance(node.this, exp.Column) and node.this.table in ("", table)
        if own and node.parent_select is select:
            found[node.this.sql("athena")].append(node)
    made, columns = {}, {}
    for operand, nodes in found.items():
        paths = list(dict.fromkeys(path_of(node) for node in nodes))
        texts = exp.Array(expressions=[exp.Literal.string(path) for path in paths])
        whole = exp.Anonymous(this="json_extract_string", expressions=[nodes[0].this.copy(), texts])
        columns[operand] = f"{operand} as texts"
        # A text that is no JSON gives NULL.
        made[columns[operand]] = exp.Anonymous(this="TRY", expressions=[whole])
        for node in nodes:
            node.meta[TEXTS] = (columns[operand], paths.index(path_of(node)) + 1)
    if made:
        _below(select, made)


def _below(select: Any, made: dict[str, Any]) -> str:
    """Replace the table by a subquery with further columns; return its name."""
    from sqlglot import exp

    source = select.args["from_"].this
    columns = [exp.alias_(value, name, quoted=True) for name, value in made.items()]
    inner = exp.Select(expressions=[exp.Star(), *columns], from_=exp.From(this=source.copy()))
    alias = source.args.get("alias")
    name = (alias.this if alias else source.this).copy()
    outer = exp.Subquery(this=inner, alias=exp.TableAlias(this=name))
    select.set("from_", exp.From(this=outer))
    return str(name.name)


def _own_columns(select: Any) -> list[Any]:
    from sqlglot import exp

    joined = {id(c) for join in select.args["joins"] for c in join.find_all(exp.Column)}
    return [c for c in select.find_all(exp.Column) if id(c) not in joined]
