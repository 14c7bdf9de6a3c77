"""Athena SQL on the local deployment: what a query reads, and the same query for DuckDB."""

from __future__ import annotations

from functools import lru_cache

from resources.dialect.lint import Problem, lint
from resources.dialect.tree import parse

__all__ = ["Problem", "lint", "parameters", "parse", "tables", "to_duckdb"]


def to_duckdb(sql: str) -> str:
    """Return the SQL for DuckDB, with Trino's results; `?` becomes `$1`, `$2`, …."""
    return _to_duckdb(sql)


@lru_cache(maxsize=256)
def _to_duckdb(sql: str) -> str:
    from sqlglot import exp

    from resources.dialect.rewrite import rewrites
    from resources.dialect.scan import prepare

    rules = rewrites()
    root = exp.paren(parse(sql).copy(), copy=False)
    prepare(root)
    # Deepest first, so that a rewritten operand is in place before what stands over it.
    for node in reversed(list(root.dfs())):
        if (rewrite := rules.get(type(node))) is not None:
            node.replace(rewrite(node))
    for mark in list(root.find_all(exp.Placeholder)):
        mark.replace(exp.Parameter(this=exp.Literal.number(int(mark.name[1:]))))
    return str(root.this.sql(dialect="duckdb", comments=False, copy=False))


def tables(sql: str) -> tuple[str, ...]:
    """Return the tables that a query reads, as schema.table, sorted, without its own CTEs."""
    from sqlglot import exp

    tree = parse(sql)
    own = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    read = {
        f"{t.db}.{t.name}".lower() if t.db else t.name.lower()
        for t in tree.find_all(exp.Table)
        if t.name and (t.db or t.name.lower() not in own)
    }
    return tuple(sorted(read))


def parameters(sql: str) -> int:
    """Return the number of positional parameters (`?`)."""
    from sqlglot import exp

    return len(list(parse(sql).find_all(exp.Placeholder)))
