"""Delivered text into a contract's types: exact, or NULL, so that the record can be told apart."""

from __future__ import annotations

import re
from collections.abc import Callable

from customer360_assets.feeds.dates import YEAR, shape_of
from customer360_assets.raw.sql_text import literal, literals

_INTEGER = r"[+-]?[0-9]+(\.0*)?"
_REAL = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"
_DAY = rf"{YEAR}-[0-9]{{2}}-[0-9]{{2}}"
_DATE = rf"{_DAY}([T ]00:00(:00(\.0+)?)?)?"
# The engine would read 24:00 as the next day.
_TIMESTAMP = (
    rf"{_DAY}"
    r"([T ]([01][0-9]|2[0-3]):[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6}0*)?)?(Z|\+00(:?00)?)?)?"
)
_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER"}
_DIRECT = {
    "bigint": _INTEGERS | {"BIGINT"},
    "double": _INTEGERS | {"DOUBLE", "FLOAT"},
    "boolean": {"BOOLEAN"},
    "date": {"DATE"},
    "timestamp": {"DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS"},
}


def typed_sql(text: str, to: str, formats: tuple[str, ...] = ()) -> str:
    """Give the expression of trimmed text as a contract type: NULL where it is not exactly one.

    No value is rounded, cut or guessed: 1.5 is no bigint, 0.005 no decimal(18,2).
    """
    if formats:
        return f"CAST({_by_format(text, formats)} AS {to})"
    if to.startswith("decimal("):
        return _decimal(text, to)
    if to not in _CONVERT:
        raise TypeError(f"no conversion of text into {to}")
    return _CONVERT[to](text)


def _bigint(text: str) -> str:
    # What prints as it was delivered needs no closer look: nearly every value.
    cast = f"TRY_CAST({text} AS BIGINT)"
    whole = f"TRY_CAST(regexp_replace({text}, '\\..*', '') AS BIGINT)"
    return (
        f"CASE WHEN CAST({cast} AS VARCHAR) = {text} THEN {cast}"
        f" ELSE {_when(text, _INTEGER, whole)} END"
    )


def _decimal(text: str, to: str) -> str:
    scale = int(to.rstrip(")").split(",")[1])
    shape = rf"[+-]?([0-9]+(\.[0-9]{{0,{scale}}}0*)?|\.[0-9]{{1,{scale}}}0*)"
    return _when(text, shape, f"TRY_CAST({text} AS {to})")


def _double(text: str) -> str:
    finite = f"CASE WHEN isfinite(TRY_CAST({text} AS DOUBLE)) THEN TRY_CAST({text} AS DOUBLE) END"
    return _when(text, _REAL, finite)


def _timestamp(text: str) -> str:
    zoned = f"ends_with({text}, 'Z') OR contains({text}, '+')"
    bare = f"regexp_replace({text}, '(Z|\\+00(:?00)?)$', '')"
    plain = f"CASE WHEN {zoned} THEN {bare} ELSE {text} END"
    return _when(text, _TIMESTAMP, f"TRY_CAST({plain} AS TIMESTAMP)")


def _boolean(text: str) -> str:
    return (
        f"CASE WHEN lower({text}) IN ({literals(['true', 't', '1'])}) THEN true"
        f" WHEN lower({text}) IN ({literals(['false', 'f', '0'])}) THEN false END"
    )


_CONVERT: dict[str, Callable[[str], str]] = {
    "varchar": lambda text: text,
    "bigint": _bigint,
    "double": _double,
    "date": lambda text: _when(text, _DATE, f"TRY_CAST({text}[:10] AS DATE)"),
    "timestamp": _timestamp,
    "boolean": _boolean,
}


def direct_sql(value: str, delivered: str, to: str) -> str | None:
    """Give the lossless cast of an already typed value, None where it must be judged as text."""
    if delivered in _DIRECT.get(to, ()):
        cast = f"TRY_CAST({value} AS {to})"
        return _dated(value, cast) if to in ("date", "timestamp") else cast
    if to == "timestamp" and delivered == "TIMESTAMP WITH TIME ZONE":
        return _dated(value, f"TRY(make_timestamp(epoch_us({value})))")
    if to.startswith("decimal("):
        scale = int(to.rstrip(")").split(",")[1])
        found = re.fullmatch(r"DECIMAL\(\d+,(\d+)\)", delivered)
        if delivered in _INTEGERS | {"BIGINT"} or (found and int(found[1]) <= scale):
            return f"TRY_CAST({value} AS {to})"
    return None


def _dated(value: str, cast: str) -> str:
    # The engine alone knows other years, and infinity.
    within = f"{value} >= DATE '0001-01-01' AND {value} < DATE '10000-01-01'"
    return f"CASE WHEN {within} THEN {cast} END"


def text_sql(value: str, delivered: str) -> str:
    """Give a typed value as text; what is nested becomes JSON."""
    nested = delivered.endswith("]") or delivered.startswith(("STRUCT", "MAP"))
    return f"CAST({f'to_json({value})' if nested else value} AS VARCHAR)"


def _when(text: str, shape: str, value: str) -> str:
    return f"CASE WHEN regexp_full_match({text}, {literal(shape)}) THEN {value} END"


def _by_format(text: str, formats: tuple[str, ...]) -> str:
    # The engine's own reading takes "infinity" for a date, and %Y for two digits.
    tries = [_when(text, shape_of(f), f"try_strptime({text}, {literal(f)})") for f in formats]
    return f"coalesce({', '.join(tries)})" if len(tries) > 1 else tries[0]
