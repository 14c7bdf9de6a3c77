"""Delivered text into a contract's types: exact, or NULL, so that the record can be recognised."""

from __future__ import annotations

import re
from collections.abc import Callable

from customer360_assets.deliveries.formats.sql_text import literal, literals
from customer360_assets.feeds.dates import YEAR, shape_of

_INTEGER = r"[+-]?[0-9]+(\.0*)?"
_REAL = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"
_DAY = rf"{YEAR}-[0-9]{{2}}-[0-9]{{2}}"
_DATE = rf"{_DAY}([T ]00:00(:00(\.0+)?)?)?"
_FRACTION = "[0-9]{1,6}0*"
# The engine would read 24:00 as the next day.
_CLOCK = rf"([01][0-9]|2[0-3]):[0-9]{{2}}(:[0-9]{{2}}(SIGN{_FRACTION})?)?"
_TIMESTAMP = rf"{_DAY}([T ]{_CLOCK.replace('SIGN', '[.]')})?"
_COMMA = rf"{_DAY}[T ]{_CLOCK.replace('SIGN', ',')}"
_ZONE = "([+-])(0[0-9]|1[0-4]):?([0-5][0-9])?"
_ZONED = rf"{_DAY}[T ]{_CLOCK.replace('SIGN', '[.,]')} ?(Z|UTC|{_ZONE})"
_DB2 = rf"{_DAY}-([01][0-9]|2[0-3])([.][0-9]{{2}}){{2}}([.]{_FRACTION})?"
# 12,50 and 1.200,5 and 1.200.000; but 1,200 may have a separator of thousands.
_GROUPS = r"[1-9][0-9]{0,2}(\.[0-9]{3})"
_DECIMAL_COMMA = rf"[+-]?([0-9]*,([0-9]{{1,2}}|[0-9]{{4,}})|{_GROUPS}+,[0-9]+|{_GROUPS}{{2,}})"
_THOUSANDS = rf"[+-]?{_GROUPS}+"
_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER"}
_FLOATS = {"FLOAT", "DOUBLE"}
_DIRECT = {
    "bigint": _INTEGERS | {"BIGINT"},
    "double": _INTEGERS,
    "boolean": {"BOOLEAN"},
    "date": {"DATE"},
    "timestamp": {"DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS"},
}


def typed_sql(
    text: str, to: str, formats: tuple[str, ...] = (), last_year: str | None = None
) -> str:
    """Return the expression of trimmed text as a contract type: NULL where it is not exactly one.

    No value is rounded, cut or guessed: 1.5 is no bigint, 0.005 no decimal(18,2). last_year: an
    expression of the last year that two digits may mean; where it is None, 69 means 1969 and 68
    means 2068.
    """
    if formats:
        return f"CAST({_by_format(text, formats, last_year)} AS {to})"
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
    scale = _scale(to)
    shape = rf"[+-]?([0-9]+(\.[0-9]{{0,{scale}}}0*)?|\.[0-9]{{1,{scale}}}0*)"
    return _when(text, shape, f"TRY_CAST({text} AS {to})")


def _scale(decimal: str) -> int:
    return int(decimal.rstrip(")").split(",")[1])


def _double(text: str) -> str:
    finite = f"CASE WHEN isfinite(TRY_CAST({text} AS DOUBLE)) THEN TRY_CAST({text} AS DOUBLE) END"
    return _when(text, _REAL, finite)


def _timestamp(text: str) -> str:
    """Return the expression of a timestamp; one with an offset becomes its instant in UTC."""
    db2 = literal(r"-([0-9]{2})\.([0-9]{2})\.([0-9]{2})")
    branches = {
        _TIMESTAMP: f"TRY_CAST({text} AS TIMESTAMP)",
        _ZONED: _instant(text),
        _COMMA: f"TRY_CAST(replace({text}, ',', '.') AS TIMESTAMP)",
        _DB2: rf"TRY_CAST(regexp_replace({text}, {db2}, ' \1:\2:\3') AS TIMESTAMP)",
    }
    cases = (
        f"WHEN regexp_full_match({text}, {literal(shape)}) THEN {value}"
        for shape, value in branches.items()
    )
    return f"CASE {' '.join(cases)} END"


def _instant(text: str) -> str:
    local = f"regexp_replace(replace({text}, ',', '.'), {literal(f' ?(Z|UTC|{_ZONE})$')}, '')"

    def part(group: int) -> str:
        return f"regexp_extract({text}, {literal(f'{_ZONE}$')}, {group})"

    hours, minutes = (f"coalesce(TRY_CAST({part(group)} AS INTEGER), 0)" for group in (2, 3))
    ahead = f"(CASE WHEN {part(1)} = '-' THEN -1 ELSE 1 END) * ({hours} * 60 + {minutes})"
    moved = f"TRY_CAST({local} AS TIMESTAMP) - to_minutes({ahead})"
    return _dated(f"({moved})", moved)


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
    """Return the lossless cast of a typed value, None where it must be judged as text."""
    if delivered in _DIRECT.get(to, ()):
        cast = f"TRY_CAST({value} AS {to})"
        return _dated(value, cast) if to in ("date", "timestamp") else cast
    if to == "timestamp" and delivered == "TIMESTAMP WITH TIME ZONE":
        return _dated(value, f"TRY(make_timestamp(epoch_us({value})))")
    if to.startswith("decimal("):
        scale = _scale(to)
        found = re.fullmatch(r"DECIMAL\(\d+,(\d+)\)", delivered)
        if delivered in _INTEGERS | {"BIGINT"} or (found and int(found[1]) <= scale):
            return f"TRY_CAST({value} AS {to})"
    return None


def _dated(value: str, cast: str) -> str:
    # The engine alone knows other years, and infinity.
    within = f"{value} >= DATE '0001-01-01' AND {value} < DATE '10000-01-01'"
    return f"CASE WHEN {within} THEN {cast} END"


def text_sql(value: str, delivered: str, to: str = "varchar") -> str:
    """Return a typed value as text; what is nested becomes JSON.

    Floating point becomes its shortest text, and text of no number where that could be another
    number of type `to`: a float32 has no cents above 131,072.
    """
    if delivered in _FLOATS:
        return f"CASE WHEN NOT isnan({value}) THEN {_float_text(value, delivered, to)} END"
    nested = delivered.endswith("]") or delivered.startswith(("STRUCT", "MAP"))
    return f"CAST({f'to_json({value})' if nested else value} AS VARCHAR)"


def _float_text(value: str, delivered: str, to: str) -> str:
    shortest = f"CAST({value} AS VARCHAR)"
    if not to.startswith("decimal(") and to != "bigint":
        return shortest
    kind, scale = ("DECIMAL(38,0)", 0) if to == "bigint" else (to, _scale(to))
    step = f"CAST(1e-{scale} AS DECIMAL(38,{scale}))"
    exact = f"CAST(TRY_CAST({shortest} AS {kind}) AS DECIMAL(38,{scale}))"
    # Read back from text: a cast of the decimal itself would round a second time.
    beside = " OR ".join(
        f"CAST(CAST({exact} {sign} {step} AS VARCHAR) AS {delivered}) = {value}" for sign in "+-"
    )
    return f"CASE WHEN {beside} THEN 'several' ELSE {shortest} END"


def doubts_sql(text: str, to: str) -> str | None:
    """Return the test of a value after which a dot in the column's others may mean thousands."""
    if to == "bigint":
        return (
            f"regexp_full_match({text}, {literal(_THOUSANDS)})"
            f" AND NOT regexp_full_match({text}, {literal(_INTEGER)})"
        )
    if to == "double" or to.startswith("decimal("):
        return f"regexp_full_match({text}, {literal(_DECIMAL_COMMA)})"
    return None


def doubted_sql(text: str, to: str) -> tuple[str, str]:
    """Return the test of a value in doubt, and the name of its rule."""
    digits, rule = ("000", "thousands_dot") if to == "bigint" else ("[0-9]{3}", "decimal_comma")
    shape = rf"[+-]?[1-9][0-9]{{0,2}}\.{digits}"
    return f"regexp_full_match({text}, {literal(shape)})", rule


def _when(text: str, shape: str, value: str) -> str:
    return f"CASE WHEN regexp_full_match({text}, {literal(shape)}) THEN {value} END"


def _by_format(text: str, formats: tuple[str, ...], last_year: str | None) -> str:
    # The engine's own reading takes "infinity" for a date, and %Y for two digits.
    tries = [_when(text, shape_of(f), _parsed(text, f, last_year)) for f in formats]
    return f"coalesce({', '.join(tries)})" if len(tries) > 1 else tries[0]


def _parsed(text: str, form: str, last_year: str | None) -> str:
    parsed = f"try_strptime({text}, {literal(form)})"
    if last_year is None or not re.search(r"(?<!%)(?:%%)*%y", form):
        return parsed
    ago = f"((({last_year} - year({parsed})) % 100 + 100) % 100)"
    moved = f"({parsed} + to_years(CAST({last_year} - {ago} - year({parsed}) AS INTEGER)))"
    # 99 years ago may be next year as well. 29 February is in one century and not in the next.
    plausible = f"{ago} < 99 AND day({moved}) = day({parsed})"
    return f"CASE WHEN {plausible} THEN {moved} END"
