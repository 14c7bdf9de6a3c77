"""Pandera checks as SQL expressions that hold for a good row.

A null passes every check but not_null, as in Pandera (`ignore_na`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pandera.pandas as pa

from customer360_assets.contracts.types import sql_type

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Rule:
    """A named row rule; `sql` (Athena dialect) is true for a row that keeps it, never NULL."""

    name: str
    column: str
    sql: str


def _literal(value: Any, kind: str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, dt.datetime):
        return f"TIMESTAMP '{value:%Y-%m-%d %H:%M:%S}'"
    if isinstance(value, dt.date):
        return f"DATE '{value:%Y-%m-%d}'"
    if isinstance(value, int | Decimal) or (isinstance(value, float) and kind == "double"):
        return str(value)
    raise TypeError(f"no SQL literal for {type(value).__name__} in a {kind} check")


def _in_list(values: Iterable[Any], kind: str) -> str:
    return ", ".join(_literal(v, kind) for v in sorted(values))


def _compare(operator: str, statistic: str) -> Callable[[str, Mapping[str, Any], str], str]:
    return lambda col, s, kind: f"{col} {operator} {_literal(s[statistic], kind)}"


def _in_range(col: str, s: Mapping[str, Any], kind: str) -> str:
    low = ">=" if s.get("include_min", True) else ">"
    high = "<=" if s.get("include_max", True) else "<"
    return (
        f"{col} {low} {_literal(s['min_value'], kind)}"
        f" AND {col} {high} {_literal(s['max_value'], kind)}"
    )


def _length(col: str, s: Mapping[str, Any], _kind: str) -> str:
    bounds = []
    if (exact := s.get("exact_value")) is not None:
        bounds.append(f"length({col}) = {int(exact)}")
    if (low := s.get("min_value")) is not None:
        bounds.append(f"length({col}) >= {int(low)}")
    if (high := s.get("max_value")) is not None:
        bounds.append(f"length({col}) <= {int(high)}")
    return " AND ".join(bounds)


def _matches(col: str, s: Mapping[str, Any], kind: str) -> str:
    # $ is the end of the text to Arrow's RE2, which Pandera runs; to Java (Athena) it is also the
    # place before a final line break. \\z is the end to RE2 and Java alike.
    pattern = str(s["pattern"]).removesuffix("$") + r"\z"
    return f"regexp_like({col}, {_literal(pattern, kind)})"


_COMPILE: dict[str, tuple[str, Callable[[str, Mapping[str, Any], str], str]]] = {
    "isin": ("isin", lambda c, s, k: f"{c} IN ({_in_list(s['allowed_values'], k)})"),
    "notin": ("notin", lambda c, s, k: f"{c} NOT IN ({_in_list(s['forbidden_values'], k)})"),
    "equal_to": ("eq", _compare("=", "value")),
    "not_equal_to": ("ne", _compare("<>", "value")),
    "greater_than": ("gt", _compare(">", "min_value")),
    "greater_than_or_equal_to": ("ge", _compare(">=", "min_value")),
    "less_than": ("lt", _compare("<", "max_value")),
    "less_than_or_equal_to": ("le", _compare("<=", "max_value")),
    "in_range": ("in_range", _in_range),
    "str_matches": ("str_matches", _matches),
    "str_length": ("str_length", _length),
    "str_startswith": (
        "str_startswith",
        lambda c, s, k: f"substr({c}, 1, {len(s['string'])}) = {_literal(s['string'], k)}",
    ),
}


NOT_AFTER = "not_after"


def _not_after(column: str, limit: str) -> Rule:
    holds = f'"{column}" IS NULL OR "{limit}" IS NULL OR CAST("{column}" AS date) <= "{limit}"'
    return Rule(f"{column}:{NOT_AFTER}_{limit}", column, f"({holds})")


def frame_checks(schema: pa.DataFrameSchema) -> list[pa.Check]:
    """Return the checks of two columns in Pandera's form; a column's own check sees one alone."""
    limits = {
        str(name): limit
        for name, col in schema.columns.items()
        if (limit := (col.metadata or {}).get("not_after"))
    }
    return [
        pa.Check(_is_not_after(column, limit), name=_not_after(column, limit).name)
        for column, limit in limits.items()
    ]


def _is_not_after(column: str, limit: str) -> Callable[[pd.DataFrame], pd.Series]:
    def holds(frame: pd.DataFrame) -> pd.Series:
        import pandas as pd
        import pyarrow as pa
        import pyarrow.compute as pc

        day, latest = (pa.array(frame[name]).cast(pa.date32()) for name in (column, limit))
        kept = pc.fill_null(pc.less_equal(day, latest), True)
        return pd.Series(kept.to_pylist(), index=frame.index, dtype=bool)

    return holds


def rules_of(schema: pa.DataFrameSchema) -> tuple[Rule, ...]:
    """Compile every check of a schema, in column order, not_null first within a column."""
    rules: list[Rule] = []
    for name, col in schema.columns.items():
        quoted = f'"{name}"'
        if not col.nullable:
            rules.append(Rule(f"{name}:not_null", str(name), f"{quoted} IS NOT NULL"))
        for check in col.checks:
            if check.name not in _COMPILE:
                raise TypeError(f"column {name}: check {check.name!r} has no SQL form")
            short, compile_check = _COMPILE[check.name]
            holds = compile_check(quoted, check.statistics or {}, sql_type(col.dtype))
            rules.append(Rule(f"{name}:{short}", str(name), f"({quoted} IS NULL OR ({holds}))"))
        if limit := (col.metadata or {}).get("not_after"):
            rules.append(_not_after(str(name), limit))
    return tuple(rules)
