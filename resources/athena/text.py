"""A query as Athena is sent it: parameters as literals, tables as what is read of them."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

from resources.dialect.tree import parse
from resources.protocols.sql_engine import SqlError

MOST_BYTES = 262_144
"""Of the text of a query, by Athena's service quotas."""
_MOST_DIGITS = 38


def quoted(name: str) -> str:
    """Return an identifier, or a dotted pair of them, in double quotes."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))


def sendable(sql: str) -> str:
    """Return a query's text; SqlError for one that Athena would refuse for its length."""
    if (size := len(sql.encode())) > MOST_BYTES:
        raise SqlError(f"the query's text has {size:,} bytes, Athena takes at most {MOST_BYTES:,}")
    return sql


def literal(value: object) -> str:  # noqa: PLR0911 (one answer per type)
    """Return a value as an Athena literal of its own type; SqlError for a type that has none.

    Athena's execution parameters are such literals too; written into the text, the same query has
    the same text, by which a retry finds it.
    """
    match value:
        case None:
            return "NULL"
        case bool():
            return "TRUE" if value else "FALSE"
        case int():
            return f"({value})" if value < 0 else str(value)
        case Decimal() if value.is_finite():
            _, digits, exponent = value.as_tuple()
            scale = max(0, -int(exponent))
            precision = max(len(digits) + max(0, int(exponent)), scale)
            if precision <= _MOST_DIGITS:
                return f"CAST('{value:f}' AS decimal({precision}, {scale}))"
        case float() if math.isfinite(value):
            return f"CAST('{value!r}' AS double)"
        case str():
            return "'" + value.replace("'", "''") + "'"
        case dt.datetime() if value.tzinfo is None:
            return f"CAST('{value.isoformat(sep=' ', timespec='microseconds')}' AS timestamp(6))"
        case dt.date() if not isinstance(value, dt.datetime):
            return f"DATE '{value.isoformat()}'"
    raise SqlError(f"a parameter of type {type(value).__name__} has no Athena literal")


def compose(sql: str, params: Sequence[object], relation: Callable[[str], str]) -> str:
    """Return the query with its `?` filled and each table replaced by `relation(table)`.

    The rest of the text stays as it was written, which is what was checked against the subset.
    SqlError when the parameters do not fit, ValueError when the text does not parse.
    """
    import sqlglot
    from sqlglot.tokens import TokenType

    parse(sql)
    marks = [
        token
        for token in sqlglot.tokenize(sql, read="athena")
        if token.token_type == TokenType.PLACEHOLDER
    ]
    if len(marks) != len(params):
        raise SqlError(f"the query has {len(marks)} parameters, {len(params)} were given")
    edits = [(m.start, m.end, literal(p)) for m, p in zip(marks, params, strict=True)]
    edits += list(_tables(sql, relation))
    for start, end, text in sorted(edits, reverse=True):
        sql = f"{sql[:start]}{text}{sql[end + 1 :]}"
    return sql.rstrip().removesuffix(";").rstrip()


def _tables(sql: str, relation: Callable[[str], str]) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, text) of every reference to a table that is no CTE of the query."""
    import sqlglot
    from sqlglot import exp

    tree = sqlglot.parse_one(sql, read="athena")
    own = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier):
            continue
        schema, name = table.args.get("db"), table.this
        if schema is None and name.name.lower() in own:
            continue
        full = f"{schema.name}.{name.name}" if schema is not None else name.name
        alias = "" if table.alias else f" AS {quoted(name.name)}"
        start = (schema or name).meta["start"]
        yield start, name.meta["end"], f"{relation(full.lower())}{alias}"
