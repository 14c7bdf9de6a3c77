"""The rules of the subset that look at the tree: one finding per place that breaks one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from resources.dialect.casts import kind_of_type, reads_as
from resources.dialect.rewrite import kind_of
from resources.dialect.subset import CAST_TYPES, DATE_UNITS, FORMAT_CODES, NEEDS_ORDER, UNITS

Finding = tuple[str, str]
TEXT_AS_TIME = (
    "Athena drops the zone of a text without a word: write try(date_parse(x, '%Y-%m-%d %H:%i:%s')) "
    "for a text, CAST(CAST(x AS date) AS timestamp(6)) for a date"
)


def statement_findings(tree: Any) -> Iterator[Finding]:
    """Yield (rule, message) for each fault of the statement as a whole."""
    from sqlglot import exp

    if isinstance(tree, exp.Condition) and not isinstance(tree, exp.Query):
        return
    if not isinstance(tree, exp.Query):
        yield "select", "write one SELECT: tables are made by publishing a candidate"
        return
    last = [tree]
    while last:
        query = last.pop().unnest()
        if isinstance(query, exp.SetOperation):
            last += [query.this, query.expression]
        elif any(e.is_star for e in query.selects):
            yield "star", "name the columns of the final SELECT: the contract knows them"


def node_findings(node: Any) -> Iterator[Finding]:
    """Yield (rule, message) for each fault of one node of the tree, not of its operands."""
    from sqlglot import exp

    yield from _null(node)
    if isinstance(node, exp.Limit | exp.Fetch | exp.Offset | exp.TableSample):
        yield "limit", "a LIMIT or sample keeps rows by chance: filter by a column or a rank"
    elif isinstance(node, exp.Interval):
        yield "interval", "write date_add(unit, n, x): an INTERVAL changes types"
    elif isinstance(node, exp.AtTimeZone):
        yield "time_zone", "times are UTC: leave the zone out"
    elif isinstance(node, exp.Qualify | exp.ILike | exp.Pivot | exp.RegexpILike):
        yield "dialect", f"{node.key.upper()} is not Athena's"
    elif isinstance(node, exp.Distinct) and node.args.get("on"):
        yield "dialect", "DISTINCT ON is not Athena's: write row_number() … = 1"
    elif isinstance(node, exp.Bracket) and not node.args.get("safe"):
        yield "subscript", "x[n] fails past the end in Athena: write element_at(x, n)"
    elif isinstance(node, exp.Cast):
        yield from _cast(node)
    elif isinstance(node, exp.Div | exp.Mod):
        yield from _division(node)
    elif isinstance(node, exp.Window):
        yield from _window(node)
    elif isinstance(node, exp.Func):
        yield from _function(node)


def _null(node: Any) -> Iterator[Finding]:
    from sqlglot import exp

    if isinstance(node, exp.Concat):
        operands = node.expressions
    elif isinstance(node, exp.DPipe | exp.Add | exp.Sub | exp.Mul):
        operands = [node.this, node.expression]
    elif isinstance(
        node, exp.JSONExtractScalar | exp.Substring | exp.TimestampTrunc | exp.DateAdd | exp.Sum
    ):
        operands = [node.this]
    else:
        return
    if all(isinstance(operand, exp.Null) for operand in operands):
        yield "null", "Athena cannot choose between functions of several types: CAST the NULL"


def _cast(node: Any) -> Iterator[Finding]:
    from sqlglot import exp

    to, kind = node.to, kind_of_type(node.to)
    if kind == "timestamp" and not _is_time(node.this):
        yield "time_zone", TEXT_AS_TIME
    if isinstance(node.this, exp.ParseJSON | exp.JSONExtract) and not to.is_type("array"):
        yield "type", "a CAST of JSON differs per engine: write json_extract_scalar before it"
    rounded = node.this.unnest()
    if kind == "varchar" and isinstance(rounded, exp.Round) and rounded.args.get("decimals"):
        yield "type", "Athena keeps the scale: write CAST(round(x, n) AS decimal(p, s)) before it"
    size = len(to.expressions)
    if kind == "timestamp":
        literal = isinstance(node.this, exp.Literal) and bool(size)
        good = literal or (size == 1 and to.expressions[0].name == "6")
    elif kind == "decimal":
        good = size == 2  # noqa: PLR2004 (precision and scale)
    elif kind == "integer":
        good = to.this in {exp.DataType.Type.BIGINT, exp.DataType.Type.INT}
    elif kind == "varchar":
        good = to.this == exp.DataType.Type.VARCHAR and not size
    elif kind == "double":
        good = to.this == exp.DataType.Type.DOUBLE
    elif to.this == exp.DataType.Type.ARRAY:
        good = to.expressions[0].this == exp.DataType.Type.JSON
    else:
        good = kind in {"boolean", "date"}
    if not good:
        yield "type", f"CAST AS {to.sql('athena').lower()}: write one of {CAST_TYPES}"


def _is_time(operand: Any) -> bool:
    """Return True if what is cast to a time is no text of the data, or one without surprises."""
    from sqlglot import exp

    operand = operand.unnest()
    if isinstance(operand, exp.Try):
        return _is_time(operand.this)
    if isinstance(operand, exp.Literal) and operand.is_string:
        return reads_as("timestamp", operand.name)
    known = exp.Placeholder | exp.Null | exp.UnixToTime | exp.StrToTime | exp.DateAdd
    return isinstance(operand, known) or kind_of(operand) in {"date", "timestamp"}


def _division(node: Any) -> Iterator[Finding]:
    from sqlglot import exp

    divisor = node.expression.unnest()
    inner = divisor.this.unnest() if isinstance(divisor, exp.Cast) else divisor
    number = isinstance(inner, exp.Literal) and not inner.is_string and float(inner.name) != 0
    if not number and not isinstance(inner, exp.Nullif):
        yield "division", "a divisor can be 0: write NULLIF(x, 0)"
    double = "double" in (kind_of(node.this), kind_of(divisor))
    if isinstance(node, exp.Div) and not double:
        yield (
            "division",
            (
                "integers and decimals divide differently per engine: write CAST(x AS double) / …, "
                "and CAST the quotient to the contract's decimal"
            ),
        )


def _window(node: Any) -> Iterator[Finding]:
    inner = node.this
    while inner.key in {"ignorenulls", "respectnulls", "filter"}:
        inner = inner.this
    name = inner.sql_name().lower() if hasattr(inner, "sql_name") else inner.key
    if name in NEEDS_ORDER and not node.args.get("order"):
        yield "order", f"{name} needs an ORDER BY that no two rows share"


def _function(node: Any) -> Iterator[Finding]:
    from sqlglot import exp

    if isinstance(node, exp.AggFunc):
        yield from _aggregate(node)
    elif isinstance(node, exp.DateAdd | exp.DateDiff | exp.TimestampTrunc):
        unit = node.args["unit"].name.lower()
        on_date = isinstance(node, exp.DateAdd) and kind_of(node.this) == "date"
        if unit not in UNITS:
            yield "unit", f"write one of the units {', '.join(sorted(UNITS))} as a literal"
        elif unit not in DATE_UNITS and on_date:
            yield "unit", f"Athena adds no {unit} to a date: CAST it AS timestamp(6)"
    elif isinstance(node, exp.UnixToTime) and not isinstance(node.parent, exp.Cast):
        yield "time_zone", "write CAST(from_unixtime(x) AS timestamp(6)): Athena's has a zone"
    elif isinstance(node, exp.Try) and not isinstance(node.this, exp.StrToTime | exp.Cast):
        yield "try", "write try(date_parse(…)) or TRY_CAST: other errors differ per engine"
    else:
        yield from _literals(node)


def _aggregate(node: Any) -> Iterator[Finding]:
    from sqlglot import exp

    operand = node.this
    if isinstance(node, exp.ArrayAgg) and not node.find(exp.Order):
        yield "order", "array_agg needs an ORDER BY inside"
    elif isinstance(node, exp.Sum):
        if kind_of(operand) == "double" or isinstance(operand.unnest(), exp.Div):
            yield "sum", "a sum of doubles depends on the order: sum decimals, then CAST"
    elif isinstance(node, exp.StddevSamp | exp.StddevPop) and kind_of(operand) != "double":
        yield "type", f"{node.sql_name().lower()} needs CAST(x AS double)"
    elif isinstance(operand, exp.Distinct) and len(operand.expressions) > 1:
        yield "dialect", "count(DISTINCT a, b) is not Athena's: count rows of a GROUP BY"


def _literals(node: Any) -> Iterator[Finding]:
    from sqlglot import exp

    def text(name: str) -> str | None:
        value = node.args.get(name)
        return value.name if isinstance(value, exp.Literal) and value.is_string else None

    if isinstance(node, exp.StrToTime | exp.TimeToStr):
        form = text("format")
        # sqlglot has turned %i into %M and %s into %S by now.
        codes = {"M": "i", "S": "s"}
        used = {codes.get(c, c) for c in re.findall("%(.)", form or "%?")}
        if not used <= FORMAT_CODES:
            yield "format", "write the format as a literal of %Y %m %d %H %i %s"
    elif isinstance(node, exp.RegexpLike | exp.RegexpExtract | exp.RegexpReplace):
        yield from _pattern(node, text("expression"))
    elif isinstance(node, exp.JSONExtract | exp.JSONExtractScalar):
        plain = not node.find(exp.JSONPathRecursive, exp.JSONPathWildcard, exp.JSONPathFilter)
        path = node.expression.sql("athena").strip("'") if plain else ""
        if not re.fullmatch(r"\$(\.[A-Za-z_]\w*|\[\d+\])*", path, re.ASCII):
            yield "json_path", "write the path as a literal like '$.a.b[0]'"
    elif isinstance(node, exp.ArrayToString) and node.args.get("null"):
        yield "array_join", "array_join takes two arguments here: coalesce the elements"


def _pattern(node: Any, pattern: str | None) -> Iterator[Finding]:
    from sqlglot import exp

    if pattern is None:
        yield "regexp", "write the pattern as a literal"
        return
    if re.search(r"\\[dDwWsSbB]", pattern):
        yield "regexp", r"\d \w \s \b mean all of Unicode in Athena: write [0-9], [A-Za-z0-9_], …"
    if re.search(r"\(\?(?!:|i\))|\\[1-9Zk]|[*+?}]\+", pattern):
        yield "regexp", "no look-around, back reference or possessive quantifier: DuckDB has none"
    if "$" in pattern.replace(r"\$", "").removesuffix("$"):
        yield "regexp", r"$ in the middle: write \z for the end of the text"
    if not isinstance(node, exp.RegexpLike) and re.search(r"(?<!\\)\$$", pattern):
        yield "regexp", r"write \z for the end of the text: $ also matches before a line break"
    if node.args.get("group") and re.search(r"\||\)[?*{]", pattern):
        yield "regexp", "a group that may not take part is NULL in Athena alone: write a CASE"
    new = node.args.get("replacement")
    if new is not None and (not isinstance(new, exp.Literal) or re.search(r"[$\\]", new.name)):
        yield "regexp", r"write the replacement as a literal without $ or \: the engines differ"
