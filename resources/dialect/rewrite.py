"""Where DuckDB answers otherwise than Trino: the expression that gives Trino's answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from resources.dialect.casts import TEXTS, cast_template, kind_of_type, reads_as
from resources.dialect.json_functions import array_length, array_of, extract, extract_scalar
from resources.dialect.tree import duck

# What Trino's trim takes away: Java's white space, without the no-break spaces.
WHITE_SPACE = "".join(
    map(chr, [*range(9, 14), *range(28, 33), 0x1680, *range(0x2000, 0x2007), *range(0x2008, 0x200B),
              0x2028, 0x2029, 0x205F, 0x3000])
)  # fmt: skip

_ADD = {
    "SECOND": "to_seconds(CAST(n_ AS BIGINT))",
    "MINUTE": "to_minutes(CAST(n_ AS BIGINT))",
    "HOUR": "to_hours(CAST(n_ AS BIGINT))",
    "DAY": "to_days(CAST(n_ AS INTEGER))",
    "WEEK": "to_days(CAST(7 * (n_) AS INTEGER))",
    "MONTH": "to_months(CAST(n_ AS INTEGER))",
    "QUARTER": "to_months(CAST(3 * (n_) AS INTEGER))",
    "YEAR": "to_months(CAST(12 * (n_) AS INTEGER))",
}
_WHOLE_DAYS = frozenset({"DAY", "WEEK", "MONTH", "QUARTER", "YEAR"})
_STRPTIME = {"%Y": "[0-9]{4}"} | {f"%{c}": "[0-9]{1,2}" for c in "mdHMS"}


def kind_of(node: Any) -> str | None:  # noqa: PLR0911 (one answer per kind of node)
    """Return the kind of an expression where its own text shows it, or None."""
    from sqlglot import exp

    node = node.unnest()
    if isinstance(node, exp.Literal):
        if node.is_string:
            return "varchar"
        return (
            "double" if "e" in node.name.lower() else "decimal" if "." in node.name else "integer"
        )
    if isinstance(node, exp.Neg):
        return kind_of(node.this)
    if isinstance(node, exp.Cast):
        return kind_of_type(node.to)
    if isinstance(node, exp.Lower | exp.Upper | exp.Nullif | exp.Replace):
        return kind_of(node.this)
    if isinstance(node, exp.Count):
        return "integer"
    return str(node.meta["kind"]) if "kind" in node.meta else None


def _cast(node: Any) -> Any:
    from sqlglot import exp

    operand, kind, target = node.this, kind_of_type(node.to), node.to.sql("duckdb", copy=False)
    if kind == "timestamp":
        target = "TIMESTAMP"
    tried = node.find_ancestor(exp.Try) is not None
    safe = isinstance(node, exp.TryCast) or tried
    if safe and isinstance(operand, exp.ParseJSON) and target == "JSON[]":
        return array_of(operand, tried=tried)
    parameter = isinstance(operand, exp.Placeholder | exp.Null)
    literal = isinstance(operand, exp.Literal) and operand.is_string
    if parameter or (literal and reads_as(kind, operand.name)):
        plain = duck(f"{'TRY_' if safe else ''}CAST(x_ AS {target})", x=operand)
        plain.meta["kind"] = kind
        return plain
    if literal and kind in TEXTS and not safe:
        # The text is the query's own, no value of the data: what it says is why the cast is there.
        message = f"athena: cannot cast '{operand.name}' to {target.lower()}"
        return duck("error(m_)", m=exp.Literal.string(message))
    found = duck(cast_template(kind, target, kind_of(operand), safe=safe), x=operand)
    found.meta["kind"] = kind
    return found


def _division(node: Any) -> Any:
    from sqlglot import exp

    if "double" in (kind_of(node.this), kind_of(node.expression)):
        return exp.Div(this=node.this, expression=node.expression, typed=False, safe=False)
    # Trino divides integers to an integer; only DuckDB knows that they are.
    ints = "('TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT')"
    return duck(
        f"CASE WHEN typeof(a_) IN {ints} AND typeof(b_) IN {ints} THEN trunc((a_) / (b_)) "
        "ELSE (a_) / (b_) END",
        a=node.this,
        b=node.expression,
    )


def _date_add(node: Any) -> Any:
    unit = node.args["unit"].name.upper()
    found = duck(f"(d_) + {_ADD[unit]}", d=node.this, n=node.expression)
    if kind_of(node.this) == "date" and unit in _WHOLE_DAYS:
        found = duck("CAST(x_ AS DATE)", x=found)
        found.meta["kind"] = "date"
    return found


def _date_parse(node: Any) -> Any:
    from sqlglot import exp

    form = node.args["format"].name
    shape = "".join(_STRPTIME.get(part, re.escape(part)) for part in re.findall(r"%.|[^%]", form))
    safe = node.find_ancestor(exp.Try) is not None
    refused = "NULL" if safe else "error('athena: a text is not of the format of date_parse')"
    return duck(
        f"CASE WHEN regexp_full_match(x_, s_) THEN {'try_' if safe else ''}strptime(x_, f_) "
        f"WHEN x_ IS NULL THEN NULL ELSE {refused} END",
        x=node.this,
        s=exp.Literal.string(shape),
        f=exp.Literal.string(form),
    )


def _regexp_like(node: Any) -> Any:
    from sqlglot import exp

    pattern = node.expression
    if isinstance(pattern, exp.Literal) and re.search(r"(?<!\\)\$$", pattern.name):
        # Java's $ also matches before a final line break.
        pattern = exp.Literal.string(pattern.name[:-1] + "(?:\\n?\\z)")
    return duck("regexp_matches(x_, p_)", x=node.this, p=pattern)


def _regexp_extract(node: Any) -> Any:
    from sqlglot import exp

    group = node.args.get("group") or exp.Literal.number(0)
    return duck(
        "CASE WHEN regexp_matches(x_, p_) THEN regexp_extract(x_, p_, g_) END",
        x=node.this,
        p=node.expression,
        g=group,
    )


def _trim(node: Any) -> Any:
    from sqlglot import exp

    side = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(
        str(node.args.get("position") or "").upper(), "trim"
    )
    chars = node.expression or exp.Literal.string(WHITE_SPACE)
    found = duck(f"{side}(x_, c_)", x=node.this, c=chars)
    if node.expression is None and isinstance(node.this, exp.Column):
        # DuckDB prepares the characters for every value anew: most have nothing to trim.
        found = duck(
            "CASE WHEN ascii(x_) BETWEEN 33 AND 126 AND ascii(right(x_, 1)) BETWEEN 33 AND 126 "
            "THEN x_ ELSE t_ END",
            x=node.this,
            t=found,
        )
    found.meta["kind"] = "varchar"
    return found


def _substring(node: Any) -> Any:
    from sqlglot import exp

    start, length = node.args["start"], node.args.get("length")
    if all(isinstance(a, exp.Literal) and int(a.name) > 0 for a in (start, length) if a):
        return node
    # Before the text's first character there is nothing; NULL of any operand comes first.
    nothing = "s_ = 0 OR s_ < -length(x_)"
    if length is None:
        return duck(
            f"CASE WHEN x_ IS NOT NULL AND ({nothing}) THEN '' ELSE substring(x_, s_) END",
            x=node.this,
            s=start,
        )
    return duck(
        "CASE WHEN x_ IS NULL OR s_ IS NULL OR n_ IS NULL THEN NULL "
        f"WHEN {nothing} OR n_ <= 0 THEN '' ELSE substring(x_, s_, n_) END",
        x=node.this,
        s=start,
        n=length,
    )


def _date_format(node: Any) -> Any:
    # Trino rounds a time to milliseconds before it prints it.
    return duck(
        "strftime(make_timestamp(CAST(floor((epoch_us(CAST(x_ AS TIMESTAMP)) + 500) / 1000) "
        "AS BIGINT) * 1000), f_)",
        x=node.this,
        f=node.args["format"],
    )


def _array_join(node: Any) -> Any:
    return duck(
        "CASE WHEN x_ IS NOT NULL THEN coalesce(array_to_string(x_, s_), '') END",
        x=node.this,
        s=node.expression,
    )


def _anonymous(node: Any) -> Any:
    return array_length(node) if node.name.lower() == "json_array_length" else node


def rewrites() -> dict[type, Callable[[Any], Any]]:
    """Return the rewrite of each kind of sqlglot node that needs one."""
    from sqlglot import exp

    return {
        exp.Cast: _cast,
        exp.TryCast: _cast,
        exp.Try: lambda n: n.this,
        exp.Div: _division,
        exp.DateAdd: _date_add,
        exp.DateDiff: lambda n: duck(
            f"datesub('{n.args['unit'].name.lower()}', a_, b_)", a=n.expression, b=n.this
        ),
        exp.StrToTime: _date_parse,
        exp.TimeToStr: _date_format,
        exp.UnixToTime: lambda n: duck(
            "make_timestamp(CAST(round(CAST(x_ AS DOUBLE) * 1000) AS BIGINT) * 1000)", x=n.this
        ),
        exp.CountIf: lambda n: duck("count(CASE WHEN x_ THEN 1 END)", x=n.this),
        exp.RegexpLike: _regexp_like,
        exp.RegexpExtract: _regexp_extract,
        exp.JSONExtract: extract,
        exp.JSONExtractScalar: extract_scalar,
        exp.SplitPart: lambda n: duck(
            "CASE WHEN len(string_split(x_, d_)) >= i_ THEN split_part(x_, d_, i_) END",
            x=n.this,
            d=n.args["delimiter"],
            i=n.args["part_index"],
        ),
        exp.Trim: _trim,
        exp.Substring: _substring,
        exp.ArrayToString: _array_join,
        exp.Anonymous: _anonymous,
    }
