"""Casts with the answers of Spark's ANSI mode; a pair of types without a rule is refused."""

from __future__ import annotations

import re

from resources.embedded.frames.errors import AnalysisException

_DECIMAL = re.compile(r"decimal\((\d+), ?(\d+)\)", re.IGNORECASE)
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_DIGITS = {"TINYINT": 3, "SMALLINT": 5, "INTEGER": 10, "BIGINT": 20}
"""Digits of the decimal that Spark takes an integer for."""
_TARGETS = {
    "bigint": "BIGINT",
    "date": "DATE",
    "double": "DOUBLE",
    "int": "INTEGER",
    "long": "BIGINT",
    "string": "VARCHAR",
}
# DuckDB reads more texts than Spark does: 'epoch' and '2024/01/31' as dates, '1e3' as an integer.
_TEXTS = {
    "DATE": r"\s*\d{4}-\d{1,2}-\d{1,2}\s*",
    "whole": r"\s*[+-]?\d+\s*",
    "decimal": r"\s*[+-]?(\d+\.?\d*|\.\d+)\s*",
}
MOST_DIGITS = 38


def decimal_of(kind: str) -> tuple[int, int] | None:
    """Return precision and scale of an exact number's type; None for any other type."""
    if (found := _DECIMAL.fullmatch(kind)) is not None:
        return int(found[1]), int(found[2])
    return (_DIGITS[kind], 0) if kind in _DIGITS else None


def cast(sql: str, source: str, target: str) -> str:
    """Return the expression as another type, named as Spark names it.

    Raises AnalysisException for a pair of types without a rule.
    """
    wanted = _TARGETS.get(target.lower()) or (target.upper() if _DECIMAL.fullmatch(target) else "")
    if source == wanted:
        return sql
    family = "decimal" if _DECIMAL.fullmatch(wanted) else "whole" if wanted in _WHOLE else wanted
    plain = f"CAST({sql} AS {wanted})"
    if source == "VARCHAR" and family in _TEXTS:
        readable = f"regexp_full_match({sql}, '{_TEXTS[family]}')"
        failure = "error('[CAST_INVALID_INPUT]')"
        return f"CASE WHEN {sql} IS NULL OR {readable} THEN {plain} ELSE {failure} END"
    if source.startswith("DECIMAL") and family == "whole":
        # Spark cuts the fraction off, DuckDB rounds.
        return f"CAST(trunc({sql}) AS {wanted})"
    exact = source in _WHOLE or source.startswith("DECIMAL")
    same = {
        "whole": source in _WHOLE,
        "decimal": exact,
        "DOUBLE": exact or source == "FLOAT",
        "DATE": source == "TIMESTAMP",
        "VARCHAR": exact or source == "DATE",
    }
    if not same.get(family, False):
        raise AnalysisException(f"a cast of {source} to {target} has no rule on this engine")
    return plain


def divided(one: str, one_kind: str, other: str, other_kind: str) -> str:
    """Return the quotient as Spark computes it: of decimals exact, with its scale, half up.

    A quotient that needs more digits than DuckDB's widest integer holds stops the query.
    """
    kinds = decimal_of(one_kind), decimal_of(other_kind)
    zero = f"CASE WHEN {other} = 0 THEN error('[DIVIDE_BY_ZERO]') ELSE "
    if None in kinds or not any(k.startswith("DECIMAL") for k in (one_kind, other_kind)):
        return f"{zero}CAST({one} AS DOUBLE) / CAST({other} AS DOUBLE) END"
    (p1, s1), (p2, s2) = (kind for kind in kinds if kind is not None)
    precision, scale = _bounded(p1 - s1 + s2 + max(6, s1 + p2 + 1), max(6, s1 + p2 + 1))
    shift = scale + s2 - s1
    over = f"abs({_unscaled(one, s1)}) * {10 ** max(shift, 0)}::HUGEINT"
    under = f"abs({_unscaled(other, s2)}) * {10 ** max(-shift, 0)}::HUGEINT"
    half_up = f"(({over}) * 2 + {under}) // (({under}) * 2)"
    signed = f"CAST(sign({one}) * sign({other}) * ({half_up}) AS DECIMAL({MOST_DIGITS}, 0))"
    unit = f"0.{'0' * (scale - 1)}1"
    return f"{zero}CAST({signed} * {unit} AS DECIMAL({precision},{scale})) END"


def _unscaled(sql: str, scale: int) -> str:
    return f"CAST({sql} * {10**scale}::HUGEINT::DECIMAL({scale + 1}, 0) AS HUGEINT)"


def _bounded(precision: int, scale: int) -> tuple[int, int]:
    """Return Spark's precision and scale of a result that may need more than 38 digits."""
    if precision <= MOST_DIGITS:
        return precision, scale
    whole = precision - scale
    return MOST_DIGITS, max(MOST_DIGITS - whole, min(scale, 6))


def summed(sql: str, kind: str) -> str:
    """Return a sum in Spark's type: of decimals 10 digits wider, of integers bigint."""
    if (exact := decimal_of(kind)) is None:
        raise AnalysisException(f"a sum of {kind} depends on the order of the rows")
    precision, scale = exact
    wider = f"DECIMAL({min(MOST_DIGITS, precision + 10)},{scale})"
    return f"CAST(sum({sql}) AS {wider if kind.startswith('DECIMAL') else 'BIGINT'})"
