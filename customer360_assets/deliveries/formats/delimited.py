"""Lines of delimited text into fields, as Python's csv module reads them, within the engine."""

from __future__ import annotations

import re

from customer360_assets.deliveries.formats.sql_text import literal

_PIECE = 1 << 16
BACKSLASH = "\\"


def split_sql(line: str, delimiter: str, quote: str) -> str:
    """Return the expression of a line's fields (a list), NULL where a quote is never closed.

    Three ways, cheapest first: no quote at all; quotes that only enclose fields; the general case.
    """
    plain = f"string_split({line}, {literal(delimiter)})"
    if not quote:
        return plain
    d, q = re.escape(delimiter), re.escape(quote)
    enclosed = f"(?s)({q}[^{q}{d}]*{q}|[^{q}{d}]*)({d}({q}[^{q}{d}]*{q}|[^{q}{d}]*))*"
    field, whole = literal(f"(?s){_field(d, q)}"), literal(_fields(d, q))
    led = f"{literal(delimiter)} || {line}"
    closing = literal(f"(?s)^{q}((?:[^{q}]|{q}{q})*){q}((?:[^{q}].*)?)$")
    unquoted = (
        f"CASE WHEN starts_with(f, {literal(quote)}) THEN"
        f" replace(regexp_extract(f, {closing}, 1), {literal(quote * 2)}, {literal(quote)})"
        f" || regexp_extract(f, {closing}, 2) ELSE f END"
    )
    return (
        f"CASE WHEN NOT contains({line}, {literal(quote)}) THEN {plain}"
        f" WHEN regexp_full_match({line}, {literal(enclosed)})"
        f" THEN string_split(replace({line}, {literal(quote)}, ''), {literal(delimiter)})"
        f" WHEN regexp_full_match({led}, {whole})"
        f" THEN list_transform(regexp_extract_all({led}, {field}, 1),"
        f" lambda f: {unquoted}) END"
    )


def escapes_sql(line: str, fields: str, quote: str) -> str:
    """Return the test of a line that would have other fields if a backslash escaped what follows.

    True of a backslash before a quote, and of one that ends a field. A Windows folder may end so
    as well, as in "C:\\": the two cannot be distinguished.
    """
    quoted = f"contains({line}, {literal(BACKSLASH + quote)})" if quote else "false"
    ends = f"len(list_filter({fields}, lambda f: ends_with(f, {literal(BACKSLASH)}))) > 0"
    return (
        f"CASE WHEN contains({line}, {literal(BACKSLASH)}) THEN {quoted} OR {ends} ELSE false END"
    )


def _field(d: str, q: str) -> str:
    return f"{d}({q}(?:[^{q}]|{q}{q})*{q}(?:[^{d}{q}][^{d}]*)?|[^{d}{q}][^{d}]*|)"


def _fields(d: str, q: str) -> str:
    """Return the expression of all fields of a line, a delimiter before each."""
    return f"(?s)(?:{_field(d, q)})+"


def within_quotes_sql(lines: str, delimiter: str, quote: str) -> str:
    """Return the query of the __line_no of lines that an earlier line's open quote reaches into.

    `lines` is a query of __line_no, __record and __fields, NULL where a quote is never closed. That
    line opens a quote; the line that closes it is the last one within. A quote that no line closes
    is a stray mark and reaches nowhere. Where another line opens a quote meanwhile, one of the two
    is stray, and which is unknown: the quote stays open, so that no row is invented.
    """
    q, d = re.escape(quote), re.escape(delimiter)
    led = f"{literal(quote)} || __record"
    whole, well = _fields(d, q), f"(?s){q}([^{q}]|{q}{q})*{q}({d}.*)?"
    order = "(ORDER BY __line_no ROWS UNBOUNDED PRECEDING)"
    return (
        f"WITH quoted AS (SELECT __line_no, __fields IS NULL AS opens,"
        f" NOT regexp_full_match({literal(delimiter)} || {led}, {literal(whole)}) AS stays,"
        # A line such as `",7` opens a quote, or closes one well: that depends on the others.
        f" opens AND NOT stays AND regexp_full_match({led}, {literal(well)}) AS turns"
        f" FROM ({lines}) WHERE contains(__record, {literal(quote)})),\n"
        # Nearly every line closes what it opens: such a one matters only after one that does not.
        "near AS (SELECT *, lag(opens) OVER (ORDER BY __line_no) AS follows"
        " FROM quoted WHERE opens OR NOT stays),\n"
        "counted AS (SELECT __line_no, opens, turns,"
        # Counted by a CASE: with FILTER the engine counts anew for every line.
        f" count(CASE WHEN turns THEN 1 END) OVER {order} AS turned,"
        f" last_value(CASE WHEN NOT turns THEN opens END IGNORE NULLS) OVER {order} AS known"
        " FROM near WHERE opens OR follows),\n"
        "since AS (SELECT *,"
        f" turned - coalesce(max(CASE WHEN NOT turns THEN turned END) OVER {order}, 0) AS times,"
        " lead(__line_no) OVER (ORDER BY __line_no) AS closed FROM counted),\n"
        "spans AS (SELECT __line_no AS opened, closed FROM since"
        " WHERE coalesce(known, false) <> (times % 2 = 1) AND closed IS NOT NULL),\n"
        f"pieces AS (SELECT unnest(range(opened, closed, {_PIECE})) AS after, closed FROM spans)\n"
        f"SELECT unnest(range(after + 1, least(after + {_PIECE}, closed) + 1)) AS __line_no"
        " FROM pieces"
    )
