"""Random expressions of the subset over edge values, the same for the same seed."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

# Edges of each kind; every one is a text that both engines read as that kind.
VALUES: dict[str, tuple[str, ...]] = {
    "integer": (
        "CAST(NULL AS bigint)", "0", "1", "(-1)", "2", "7", "(-7)", "100", "2147483647",
        "CAST(2147483648 AS bigint)", "CAST(9223372036854775 AS bigint)",
    ),
    "decimal": (
        "CAST(NULL AS decimal(18, 2))", "CAST(0 AS decimal(18, 2))",
        "CAST('-0.01' AS decimal(18, 2))",
        "CAST('0.005' AS decimal(18, 3))", "CAST('2.50' AS decimal(18, 2))",
        "CAST('-2.50' AS decimal(18, 2))", "CAST('99999999.99' AS decimal(18, 2))",
    ),
    "double": (
        "CAST(NULL AS double)", "0e0", "(-1.5e0)", "2.5e0", "1.005e0", "1e15", "1e-7",
        "123456.789e0",
    ),
    "varchar": (
        "CAST(NULL AS varchar)", "''", "' '", "'a'", "'a '", "'Abc'", "'a,b,,c'", "'né'", "'ß'",
        "'12'", "' 12'", "'-1.5'", "'1e3'", "'1_0'", "'2024-02-29'", "'2023-02-29'", "'x\ty'",
        "'%_'",
        "'{\"a\":\"x\"}'", "'true'", "'T'",
    ),
    # By itself alone: Trino stops to read where it has found what a path leads to, and does not see
    # that the rest is no JSON.
    "json": (
        "CAST(NULL AS varchar)", "'{\"a\":{\"b\":[1,null]}}'", "'{\"a\":\"x\"}'", "'[1, 2]'",
        "'{bad'",
        "'{\"a\":null}'", "'{}'", "'5'", "'\"x\"'", "''", "'{\"a\":true}'", "'{\"a\":[1.50]}'",
    ),
    "date": (
        "CAST(NULL AS date)", "DATE '2024-02-29'", "DATE '2023-12-31'", "DATE '2024-01-01'",
        "DATE '1969-12-31'", "DATE '1900-03-01'", "DATE '2024-05-31'",
    ),
    "timestamp": (
        "CAST(NULL AS timestamp(6))", "TIMESTAMP '2024-02-29 23:59:59.999999'",
        "TIMESTAMP '2024-01-01 00:00:00'", "TIMESTAMP '1969-12-31 12:30:00.5'",
    ),
    "boolean": ("CAST(NULL AS boolean)", "true", "false"),
}  # fmt: skip

UNITS = ("day", "week", "month", "quarter", "year")
CLOCK_UNITS = (*UNITS, "hour", "minute", "second")


@dataclass(frozen=True)
class Form:
    """A form of an expression: `{0}`, `{1}`, … are operands of the named kinds."""

    gives: str
    text: str
    takes: tuple[str, ...] = ()


def _forms() -> list[Form]:
    found = [Form(*form) for form in _PLAIN]
    for kind in sorted(VALUES.keys() - {"json"}):
        found += [
            Form(kind, "coalesce({0}, {1})", (kind, kind)),
            Form(kind, "nullif({0}, {1})", (kind, kind)),
            Form(kind, "if({0}, {1}, {2})", ("boolean", kind, kind)),
            Form(kind, "CASE WHEN {0} THEN {1} END", ("boolean", kind)),
            Form("boolean", "{0} IS NULL", (kind,)),
            Form("boolean", "{0} = {1}", (kind, kind)),
            Form("boolean", "{0} IS DISTINCT FROM {1}", (kind, kind)),
        ]
        if kind != "boolean":
            found += [
                Form(kind, "greatest({0}, {1})", (kind, kind)),
                Form(kind, "least({0}, {1})", (kind, kind)),
                Form("boolean", "{0} < {1}", (kind, kind)),
                Form("boolean", "{0} BETWEEN {1} AND {2}", (kind, kind, kind)),
            ]
    for unit in UNITS:
        found += [
            Form("date", f"CAST(date_add('{unit}', {{0}}, {{1}}) AS date)", ("small", "date")),
            Form("integer", f"date_diff('{unit}', {{0}}, {{1}})", ("date", "date")),
            Form("date", f"CAST(date_trunc('{unit}', {{0}}) AS date)", ("date",)),
        ]
    for unit in CLOCK_UNITS:
        found += [
            Form("timestamp", f"date_add('{unit}', {{0}}, {{1}})", ("small", "timestamp")),
            Form("integer", f"date_diff('{unit}', {{0}}, {{1}})", ("timestamp", "timestamp")),
            Form("timestamp", f"date_trunc('{unit}', {{0}})", ("timestamp",)),
        ]
    return found


_V, _I, _D, _F, _B = "varchar", "integer", "decimal", "double", "boolean"
_PLAIN: list[tuple[str, str, tuple[str, ...]]] = [
    (_V, "trim({0})", (_V,)), (_V, "ltrim({0})", (_V,)), (_V, "rtrim({0})", (_V,)),
    (_V, "trim(BOTH 'a' FROM {0})", (_V,)), (_V, "lower({0})", (_V,)),
    (_I, "length({0})", (_V,)), (_V, "substr({0}, {1})", (_V, "small")),
    (_V, "substr({0}, {1}, {2})", (_V, "small", "small")),
    (_V, "replace({0}, 'a', {1})", (_V, _V)), (_V, "{0} || {1}", (_V, _V)),
    (_V, "concat({0}, {1}, 'z')", (_V, _V)), (_V, "concat_ws('-', {0}, {1})", (_V, _V)),
    (_V, "split_part({0}, ',', {1})", (_V, "positive")), (_I, "strpos({0}, {1})", (_V, _V)),
    (_V, "lpad({0}, {1}, 'xy')", (_V, "positive")), (_V, "rpad({0}, {1}, 'xy')", (_V, "positive")),
    (_B, "starts_with({0}, {1})", (_V, _V)), (_B, "regexp_like({0}, '^[a-z]+$')", (_V,)),
    (_V, "regexp_extract({0}, '[0-9]+')", (_V,)), (_V, "regexp_replace({0}, '[ab]', 'q')", (_V,)),
    (_V, "json_extract_scalar({0}, '$.a')", ("json",)), (_I, "json_array_length({0})", ("json",)),
    (_V, "json_extract_scalar(json_extract({0}, '$.a'), '$.b[0]')", ("json",)),
    (_I, "cardinality(try(CAST(json_parse({0}) AS array(json))))", ("json",)),
    (_I, "TRY_CAST({0} AS bigint)", (_V,)), (_I, "TRY_CAST({0} AS integer)", (_V,)),
    (_D, "TRY_CAST({0} AS decimal(18, 2))", (_V,)), (_F, "TRY_CAST({0} AS double)", (_V,)),
    ("date", "TRY_CAST({0} AS date)", (_V,)), (_B, "TRY_CAST({0} AS boolean)", (_V,)),
    ("timestamp", "try(date_parse({0}, '%Y-%m-%d'))", (_V,)),
    (_V, "CAST({0} AS varchar)", (_I,)), (_V, "CAST({0} AS varchar)", (_D,)),
    (_V, "CAST({0} AS varchar)", ("date",)), (_V, "CAST({0} AS varchar)", (_B,)),
    (_V, "date_format({0}, '%Y-%m-%d %H:%i:%s')", ("timestamp",)),
    (_F, "CAST({0} AS double)", (_I,)), (_F, "CAST({0} AS double)", (_D,)),
    (_I, "TRY_CAST({0} AS bigint)", (_F,)), (_I, "TRY_CAST({0} AS bigint)", (_D,)),
    (_D, "TRY_CAST({0} AS decimal(18, 2))", (_F,)), (_D, "TRY_CAST({0} AS decimal(18, 2))", (_I,)),
    (_D, "TRY_CAST({0} AS decimal(18, 2))", (_D,)), ("date", "CAST({0} AS date)", ("timestamp",)),
    ("timestamp", "CAST(CAST({0} AS date) AS timestamp(6))", ("date",)),
    ("timestamp", "CAST(from_unixtime({0}) AS timestamp(6))", ("small",)),
    ("date", "last_day_of_month({0})", ("date",)),
    *((_I, f"{n}({{0}})", ("date",)) for n in ("year", "quarter", "month", "day", "day_of_week")),
    *((_I, f"{name}({{0}})", ("timestamp",)) for name in ("hour", "minute", "second", "year")),
    *((kind, f"{name}({{0}})", (kind,)) for kind in (_I, _D, _F) for name in ("abs", "round")),
    *((k, f"{name}({{0}})", (k,)) for k in (_D, _F) for name in ("ceil", "floor", "sign")),
    (_D, "CAST(round({0}, 1) AS decimal(18, 2))", (_D,)), (_I, "mod({0}, 3)", (_I,)),
    (_I, "{0} % NULLIF({1}, 0)", (_I, _I)),
    (_F, "sqrt(abs({0}))", (_F,)), (_F, "power({0}, 2)", ("small",)), (_F, "exp({0})", ("small",)),
    (_F, "ln(abs({0}) + 1e0)", (_F,)), (_F, "{0} / NULLIF({1}, 0e0)", (_F, _F)),
    (_I, "{0} + CAST({1} AS bigint)", ("small", "small")),
    (_I, "{0} * CAST({1} AS bigint)", ("small", _I)),
    (_D, "{0} + {1}", (_D, _D)), (_D, "{0} - {1}", (_D, _D)), (_F, "{0} * {1}", (_F, _F)),
    (_B, "{0} AND {1}", (_B, _B)), (_B, "{0} OR {1}", (_B, _B)), (_B, "NOT {0}", (_B,)),
    (_B, "{0} IN ({1}, {2})", (_I, _I, _I)), (_B, "{0} NOT IN ('a', {1})", (_V, _V)),
    (_B, "{0} LIKE 'a%'", (_V,)), (_B, "{0} LIKE '%\\_%' ESCAPE '\\'", (_V,)),
]  # fmt: skip
SMALL = ("0", "1", "2", "3", "(-1)", "(-2)", "12", "(-13)", "CAST(NULL AS bigint)", "40")
POSITIVE = ("1", "2", "3", "5")


def queries(count: int, seed: int, deepest: int = 3) -> Sequence[str]:
    """Return queries of one value; about half read their operands from rows."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    forms: dict[str, list[Form]] = {}
    for form in _forms():
        forms.setdefault(form.gives, []).append(form)
    found: dict[str, None] = {}
    while len(found) < count:
        kind = rng.choice(sorted(forms))
        found[_query(rng, forms, kind, deepest)] = None
    return list(found)


def _query(rng: random.Random, forms: dict[str, list[Form]], kind: str, deepest: int) -> str:
    columns: dict[str, str] | None = {} if rng.random() < 0.5 else None
    text = _expression(rng, forms, kind, deepest, columns)
    if not columns:
        return f"SELECT {text} AS answer"
    values, names = ", ".join(columns.values()), ", ".join(columns)
    return f"SELECT {text} AS answer FROM (VALUES ({values})) AS t ({names})"


def _expression(
    rng: random.Random,
    forms: dict[str, list[Form]],
    kind: str,
    depth: int,
    columns: dict[str, str] | None,
) -> str:
    if kind in {"small", "positive"}:
        return rng.choice(SMALL if kind == "small" else POSITIVE)
    if depth == 0 or kind == "json" or rng.random() < 0.2:
        value = rng.choice(VALUES[kind])
        if columns is None:
            return value
        name = f"c{len(columns)}"
        columns[name] = value
        return name
    form = rng.choice(forms[kind])
    operands = [_expression(rng, forms, k, depth - 1, columns) for k in form.takes]
    text = form.text.format(*operands)
    # A call binds by itself, an operator does not.
    return text if re.match(r"\w+\(", form.text) else f"({text})"
