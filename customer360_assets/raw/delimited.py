"""Lines of delimited text into fields, as Python's csv module reads them, within the engine."""

from __future__ import annotations

import re

from customer360_assets.raw.sql_text import literal


def split_sql(line: str, delimiter: str, quote: str) -> str:
    """Give the expression of a line's fields (a list), NULL where a quote is never closed.

    Three ways, cheapest first: no quote at all; quotes that only enclose fields; the general case.
    """
    plain = f"string_split({line}, {literal(delimiter)})"
    if not quote:
        return plain
    d, q = re.escape(delimiter), re.escape(quote)
    enclosed = f"(?s)({q}[^{q}{d}]*{q}|[^{q}{d}]*)({d}({q}[^{q}{d}]*{q}|[^{q}{d}]*))*"
    field = f"(?s){d}({q}(?:[^{q}]|{q}{q})*{q}(?:[^{d}{q}][^{d}]*)?|[^{d}{q}][^{d}]*|)"
    led = f"{literal(delimiter)} || {line}"
    whole = f"(?s)(?:{field.removeprefix('(?s)')})+"
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
        f" WHEN regexp_full_match({led}, {literal(whole)})"
        f" THEN list_transform(regexp_extract_all({led}, {literal(field)}, 1),"
        f" lambda f: {unquoted}) END"
    )
