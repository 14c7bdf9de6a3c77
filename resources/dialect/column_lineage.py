"""Which table columns each output column of a query is made of, read from its scopes in one walk.

What counts as a source: every column in the expression that makes the value, through CTEs,
subqueries, unions and UNNEST, with the PARTITION BY and ORDER BY of a window. A filter or a join
condition is none: it chooses rows. What has no column of its own but depends on which rows there
are (count(*), sum(1), EXISTS) comes from the `business_date` of the tables read, because a row
counts by being in a delivery. A parameter is the source ("?", "business_date").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from resources.dialect.tree import parse

Source = tuple[str, str]
Sources = frozenset[Source]
PARAMETER: Source = ("?", "business_date")
NOTHING: Sources = frozenset()


@dataclass(frozen=True)
class _Relation:
    """Columns in order with their sources, and what its rows come from."""

    columns: Mapping[str, Sources]
    rows: Sources = NOTHING

    def renamed(self, names: Sequence[str]) -> _Relation:
        if not names:
            return self
        kept = dict(zip(names, self.columns.values(), strict=False))
        return _Relation(kept, self.rows)


@dataclass(frozen=True)
class _Scope:
    """The relations of a FROM by alias, the CTEs in sight, and the scope around a subquery."""

    schemas: Mapping[str, Sequence[str]]
    ctes: Mapping[str, _Relation] = field(default_factory=dict)
    relations: dict[str, _Relation] = field(default_factory=dict)
    outer: _Scope | None = None

    @property
    def rows(self) -> Sources:
        return NOTHING.union(*(r.rows for r in self.relations.values()))

    def column(self, relation: str, name: str) -> Sources:
        """Return the sources of a column; LookupError if no scope has it."""
        if relation:
            inside = [self.relations[relation]] if relation in self.relations else []
        else:
            inside = [r for r in self.relations.values() if name in r.columns]
        if inside:
            return NOTHING.union(*(r.columns.get(name, NOTHING) for r in inside))
        if self.outer is not None:
            return self.outer.column(relation, name)
        place = f"{relation}.{name}" if relation else name
        raise LookupError(f"no table of the query has the column {place}")


def column_lineage(
    sql: str, schemas: Mapping[str, Sequence[str]]
) -> dict[str, list[tuple[str, str]]]:
    """Return the (table, column) sources of each output column, sorted; none for a constant.

    `schemas` gives the columns of each table read. LookupError names a column that none has.
    """
    known = tuple((table.lower(), tuple(schemas[table])) for table in sorted(schemas))
    return {name: sorted(sources) for name, sources in _lineage(sql, known)}


@lru_cache(maxsize=256)
def _lineage(
    sql: str, schemas: tuple[tuple[str, tuple[str, ...]], ...]
) -> tuple[tuple[str, Sources], ...]:
    return tuple(_query(parse(sql), _Scope(dict(schemas))).columns.items())


def _query(query: Any, around: _Scope) -> _Relation:
    from sqlglot import exp

    ctes = dict(around.ctes)
    for cte in (query.args.get("with_") or exp.With()).expressions:
        names = [c.name.lower() for c in cte.args["alias"].columns]
        inside = _Scope(around.schemas, ctes, outer=around.outer)
        ctes[cte.alias.lower()] = _query(cte.this, inside).renamed(names)
    scope = _Scope(around.schemas, ctes, outer=around.outer)
    if isinstance(query, exp.Subquery | exp.Paren):
        return _query(query.this, scope)
    if isinstance(query, exp.SetOperation):
        left, right = _query(query.this, scope), _query(query.expression, scope)
        both = zip(left.columns.items(), right.columns.values(), strict=False)
        return _Relation({n: a | b for (n, a), b in both}, left.rows | right.rows)
    return _select(query, scope)


def _select(select: Any, scope: _Scope) -> _Relation:
    from sqlglot import exp

    start = select.args.get("from_")
    for source in [
        *([start.this] if start else []),
        *(j.this for j in select.args.get("joins", [])),
    ]:
        scope.relations[source.alias_or_name.lower()] = _source(source, scope)
    columns: dict[str, Sources] = {}
    for output in select.expressions:
        if isinstance(output, exp.Star) or (isinstance(output, exp.Column) and output.is_star):
            table = "" if isinstance(output, exp.Star) else output.table.lower()
            for alias, relation in scope.relations.items():
                if table in ("", alias):
                    columns.update(relation.columns)
        else:
            columns[output.alias_or_name.lower()] = _expression(output, scope)
    return _Relation(columns, scope.rows)


def _source(source: Any, scope: _Scope) -> _Relation:
    from sqlglot import exp

    alias = source.args.get("alias")
    names = [c.name.lower() for c in alias.columns] if alias else []
    if isinstance(source, exp.Table):
        own = scope.ctes.get(source.name.lower()) if not source.db else None
        return (own or _table(source, scope)).renamed(names)
    if isinstance(source, exp.Unnest):
        made_of = NOTHING.union(*(_expression(e, scope) for e in source.expressions))
        offset = source.args.get("offset")
        if isinstance(offset, exp.Identifier):
            names.append(offset.name.lower())
        return _Relation(dict.fromkeys(names, made_of), made_of)
    if isinstance(source, exp.Values):
        parts = [
            row.expressions if isinstance(row, exp.Tuple) else [row] for row in source.expressions
        ]
        values = zip(*parts, strict=True)
        made = [NOTHING.union(*(_expression(v, scope) for v in column)) for column in values]
        return _Relation(dict(zip(names, made, strict=False)))
    inside = _Scope(scope.schemas, scope.ctes, outer=scope)
    return _query(source.this, inside).renamed(names)


def _table(table: Any, scope: _Scope) -> _Relation:
    name = f"{table.db}.{table.name}".lower() if table.db else table.name.lower()
    if name not in scope.schemas:
        raise LookupError(f"the columns of {name} are not known")
    columns = {c.lower(): frozenset({(name, c)}) for c in scope.schemas[name]}
    return _Relation(columns, columns.get("business_date") or next(iter(columns.values()), NOTHING))


def _expression(expression: Any, scope: _Scope) -> Sources:
    from sqlglot import exp

    found: set[Source] = set()
    inside: list[Any] = []
    for node in expression.walk(prune=lambda n: isinstance(n, exp.Query)):
        if isinstance(node, exp.Query):
            inside.append(node)
        elif isinstance(node, exp.Column):
            found |= scope.column(node.table.lower(), node.name.lower())
        elif isinstance(node, exp.Placeholder):
            found.add(PARAMETER)
        elif isinstance(node, exp.AggFunc | exp.RowNumber) and not _has_source(node):
            found |= scope.rows
    for query in inside:
        relation = _query(query, _Scope(scope.schemas, scope.ctes, outer=scope))
        exists = isinstance(query.parent, exp.Exists) or query.find_ancestor(exp.Exists) is not None
        found |= _union(relation.columns.values()) or relation.rows
        if exists:
            found |= relation.rows
    return frozenset(found)


def _has_source(aggregate: Any) -> bool:
    from sqlglot import exp

    over = aggregate.find_ancestor(exp.Window)
    return (over or aggregate).find(exp.Column, exp.Placeholder) is not None


def _union(many: Iterable[Sources]) -> Sources:
    return NOTHING.union(*many)
