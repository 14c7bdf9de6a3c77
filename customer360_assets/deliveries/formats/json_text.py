"""Lines of JSON, and of Python dict literals, into JSON that the engine reads without loss."""

from __future__ import annotations

from collections.abc import Iterable

from customer360_assets.deliveries.formats.sql_text import literal, literals, name

_NUMBER = r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
_PYTHON_TOKEN = (
    r"(?s)'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|"
    rf"{_NUMBER}|None|True|False|nan|NaN|NaT|-?inf|[\[\]{{}}:,]|[ \t\r]+"
)
_JSON_TOKEN = rf"(?s)\"(?:[^\"\\]|\\.)*\"|{_NUMBER}|[^\"0-9-]+|."
_PIECE = r"(?s)\\x[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\U[0-9a-fA-F]{8}|\\[0-7]{1,3}|\\.|[^\\]+"
# A number with a fraction of so many digits may have more than a double holds.
_LONG_REAL = r"[0-9]{8}\.[0-9]|[0-9]\.[0-9]{8}"
# What every such number has, found many times faster: a pattern that starts with a character.
_FRACTION = r"\.[0-9]"
# A value that is no number, as json.dumps writes what pandas has for a missing one.
_NAN = r"[:,\[][ \t]*(?:NaN|nan)[ \t]*[,}\]]"
# With none of these, only the quotes differ between the two notations.
_NEEDS_TOKENS = r"(?i)[\"\\\x00-\x1f]|none|true|false|null|nan|nat|inf"

_ESCAPES = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "v": "\v",
    "\\": "\\",
    "'": "'",
    '"': '"',
}


def json_sql(line: str, keys: str | None = None) -> str:
    """Return the expression of a line's JSON object, NULL where it holds none.

    keys: that of `nested_keys_sql`, where it is known. A NaN is null, as it stands for no value.
    """
    tokens = f"regexp_extract_all({line}, {literal(_JSON_TOKEN)})"
    kept = (
        f"array_to_string(list_transform({tokens}, lambda t: {_kept_number('t', _nan('t'))}), '')"
    )
    long = (
        f"CASE WHEN regexp_matches({line}, {literal(_FRACTION)})"
        f" AND regexp_matches({line}, {literal(_LONG_REAL)}) THEN true"
        f" WHEN contains({line}, 'NaN') OR contains({line}, 'nan')"
        f" THEN regexp_matches({line}, {literal(_NAN)}) ELSE false END"
    )
    return (
        f"CASE WHEN {_is_object(line, keys)} THEN CASE WHEN {long} THEN {kept} ELSE {line} END END"
    )


def keys_sql(line: str) -> str:
    """Return the expression of the names in a line's JSON object, NULL where it holds no JSON."""
    return f"TRY(json_keys({line}))"


def nested_keys_sql(json: str, fields: Iterable[str]) -> str:
    """Return the expression of the names in a JSON object and in each of its fields, as lists."""
    paths = ["$", *("$." + name(f) for f in fields)]
    return f"TRY(json_keys({json}, [{literals(paths)}]))"


def repeats_key_sql(keys: str) -> str:
    """Return the test of nested keys of which an object has one twice."""
    # Names are few, and a search among few is cheaper than a set of them.
    repeated = "list_filter(k, lambda n, i: list_position(k, n) < i)"
    return f"len(list_filter({keys}, lambda k: len({repeated}) > 0)) > 0"


def python_to_json_sql(line: str) -> str:
    """Return the expression of a Python literal's JSON text; invalid JSON where it is none."""
    tokens = f"regexp_extract_all({line}, {literal(_PYTHON_TOKEN)})"
    converted = f"array_to_string(list_transform({tokens}, lambda t: {_token()}), '')"
    return (
        f"CASE WHEN NOT regexp_matches({line}, {literal(f'{_NEEDS_TOKENS}|{_LONG_REAL}')})"
        f" THEN replace({line}, '''', '\"')"
        f" WHEN array_to_string({tokens}, '') = {line} THEN {converted} END"
    )


def object_sql(json: str, keys: str | None = None) -> str:
    """Return the expression of JSON text that is an object, else NULL; keys as in `json_sql`."""
    return f"CASE WHEN {_is_object(json, keys)} THEN {json} END"


def _is_object(json: str, keys: str | None) -> str:
    # Asked once: each JSON function reads the whole text again.
    typed = f"TRY(json_type({json})) = 'OBJECT'"
    return f"CASE WHEN len({keys}[1]) > 0 THEN true ELSE {typed} END" if keys else typed


def _kept_number(token: str, other: str) -> str:
    real = f"regexp_matches({token}, '^-?[0-9]') AND regexp_matches({token}, {literal(_LONG_REAL)})"
    return f"CASE WHEN {real} THEN '\"' || {token} || '\"' ELSE {other} END"


def _nan(token: str) -> str:
    bare = f"regexp_replace({token}, 'NaN|nan', 'null', 'g')"
    return f"CASE WHEN {token}[1] = '\"' THEN {token} ELSE {bare} END"


def _token() -> str:
    return (
        "CASE t WHEN 'None' THEN 'null' WHEN 'True' THEN 'true' WHEN 'False' THEN 'false'"
        " WHEN 'nan' THEN 'null' WHEN 'NaN' THEN 'null' WHEN 'NaT' THEN 'null'"
        " WHEN 'inf' THEN '\"inf\"' WHEN '-inf' THEN '\"-inf\"' ELSE"
        " CASE WHEN t[1] NOT IN ('''', '\"') THEN " + _kept_number("t", "t") + ""
        r" WHEN NOT contains(t, '\') THEN CAST(to_json(t[2:-2]) AS VARCHAR)"
        # A lone backslash is no JSON anywhere: it sends the record to quarantine.
        rf" ELSE coalesce(CAST(to_json({_unescaped('t[2:-2]')}) AS VARCHAR), '\') END END"
    )


def _unescaped(body: str) -> str:
    """Return the text of a Python string's body, NULL for an escape that Python has no text for."""
    pieces = f"list_transform(regexp_extract_all({body}, {literal(_PIECE)}), lambda p: {_piece()})"
    return f"CASE WHEN list_count({pieces}) = len({pieces}) THEN array_to_string({pieces}, '') END"


def _piece() -> str:
    code = "CAST('0x' || p[3:] AS BIGINT)"
    octal = (
        "list_reduce(list_transform(string_split(p[2:], ''), lambda d: CAST(d AS BIGINT)),"
        " lambda a, b: a * 8 + b)"
    )
    escapes = " ".join(f"WHEN {literal(c)} THEN chr({ord(text)})" for c, text in _ESCAPES.items())
    return (
        r"CASE WHEN p[1] <> '\' THEN p"
        rf" WHEN length(p) > 2 AND p[2] IN ('x', 'u', 'U') THEN CASE WHEN {code} < 55296"
        rf" OR {code} BETWEEN 57344 AND 1114111 THEN chr(CAST({code} AS INTEGER)) END"
        rf" WHEN p[2] BETWEEN '0' AND '7' THEN chr(CAST({octal} AS INTEGER))"
        r" WHEN p[2] IN ('x', 'u', 'U', 'N') THEN NULL"
        rf" ELSE CASE p[2] {escapes} ELSE p END END"
    )
