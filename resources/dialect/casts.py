"""CAST and TRY_CAST with Trino's rules, as DuckDB expressions.

DuckDB reads more texts than Trino ('1.5', '1e3' and '0x10' as an integer, '2024/01/05' as a date),
rounds a double half to even, and prints doubles and timestamps otherwise. The operand's type is
known to DuckDB alone, so the expression asks typeof, which it folds away when it plans.
"""

from __future__ import annotations

import re
from typing import Any

_NUMBER = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
_DAY = r"[0-9]{1,4}-[0-9]{1,2}-[0-9]{1,2}"
_TIME = r"([01]?[0-9]|2[0-3]):[0-5]?[0-9](:[0-5]?[0-9](\.[0-9]{1,6})?)?"

# What Trino accepts of a text, per kind of target.
TEXTS = {
    "integer": r"\s*[+-]?[0-9]+\s*",
    "decimal": _NUMBER,
    "double": rf"\s*({_NUMBER}|NaN|[+-]?Infinity)\s*",
    "date": rf"\s*{_DAY}\s*",
    "timestamp": rf"{_DAY}( {_TIME})?",
    "boolean": r"(?i:t|f|1|0|true|false)",
}

_DOUBLES = "('DOUBLE', 'FLOAT')"
_UNPRINTABLE = "('DOUBLE', 'FLOAT', 'TIMESTAMP', 'TIMESTAMP WITH TIME ZONE')"


def _fails(message: str) -> str:
    return "error('athena: " + message.replace("'", "''") + "')"


def cast_template(kind: str, target: str, operand: str | None, *, safe: bool) -> str:
    """Return DuckDB's expression over `x_` for a cast to `target` (DuckDB's spelling).

    `operand` is the operand's kind where the SQL shows it; `safe` gives NULL for a bad text.
    """
    cast = "TRY_CAST" if safe else "CAST"
    plain = f"{cast}(x_ AS {target})"
    if kind == "varchar":
        branches = {
            f"typeof(x_) IN {_UNPRINTABLE}": _fails(
                "CAST AS varchar prints doubles and timestamps in its own way: "
                "cast to a decimal, or write date_format"
            )
        }
    elif kind in TEXTS:
        refused = "NULL" if safe else _fails(f"a text is no {target.lower()}")
        from_text = (
            f"CASE WHEN regexp_full_match(CAST(x_ AS VARCHAR), '{TEXTS[kind]}') "
            f"THEN {cast}(CAST(x_ AS VARCHAR) AS {target}) "
            f"WHEN x_ IS NULL THEN NULL ELSE {refused} END"
        )
        if operand == "varchar":
            return from_text
        branches = {"typeof(x_) = 'VARCHAR'": from_text}
        if kind == "integer":
            branches[f"typeof(x_) IN {_DOUBLES}"] = (
                f"{cast}(round({cast}(x_ AS DOUBLE)) AS {target})"
            )
        if kind == "decimal":
            # Trino rounds the shortest decimal that reads back as the double: 1.005 gives 1.01.
            branches[f"typeof(x_) IN {_DOUBLES}"] = f"{cast}(CAST(x_ AS VARCHAR) AS {target})"
    else:
        return plain
    if operand in {"integer", "decimal", "date", "boolean"} or operand == kind:
        return plain
    branches["typeof(x_) = 'JSON'"] = _fails("write json_extract_scalar before the CAST")
    when = " ".join(f"WHEN {test} THEN {then}" for test, then in branches.items())
    return f"CASE {when} ELSE {plain} END"


def kind_of_type(to: Any) -> str:
    """Return the kind of a sqlglot data type: integer, decimal, double, varchar, …, or other."""
    from sqlglot import exp

    if to.this in exp.DataType.INTEGER_TYPES:
        return "integer"
    if to.this in exp.DataType.TEXT_TYPES:
        return "varchar"
    if to.this in exp.DataType.REAL_TYPES and to.this != exp.DataType.Type.DECIMAL:
        return "double"
    known = {
        exp.DataType.Type.DECIMAL: "decimal",
        exp.DataType.Type.DATE: "date",
        exp.DataType.Type.BOOLEAN: "boolean",
        exp.DataType.Type.TIMESTAMP: "timestamp",
        exp.DataType.Type.JSON: "json",
    }
    return known.get(to.this, "other")


def reads_as(kind: str, text: str) -> bool:
    """Return whether Trino reads a literal text as this kind."""
    return re.fullmatch(TEXTS[kind], text, re.ASCII) is not None if kind in TEXTS else False
