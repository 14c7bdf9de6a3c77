"""Text that is a key: one spelling of what systems write with blanks, dashes and marks."""

from __future__ import annotations

from customer360_assets.deliveries.formats.sql_text import literal

_BLANKS = " \t\r\n\u00a0\u2000-\u200b\u202f\u2060\u3000\ufeff"
_DASHES = "\u2010-\u2015\u2212-"
_AROUND = f"^[{_BLANKS}]+|[{_BLANKS}]+$"
_SEPARATED = f"[0-9]+(?:[{_BLANKS}{_DASHES}]+[0-9]+)+"
_NUMBER = "[0-9]{12,19}"


def bare_sql(text: str) -> str:
    """Return the expression of text without the blanks, of any width, around it."""
    # Nearly every key begins and ends with a sign of ASCII that is no blank.
    inner = f"regexp_full_match({text}, '[!-~].*[!-~]|[!-~]')"
    return f"CASE WHEN {inner} THEN {text} ELSE {_without(text, _AROUND)} END"


def card_number_sql(text: str) -> str:
    """Return the expression of a payment card number of 12 to 19 digits without separators.

    Text of another form is returned as it is: a dash in it may distinguish two cards.
    """
    digits = _without(text, f"[{_BLANKS}{_DASHES}]+")
    separated = f"regexp_full_match({text}, {literal(_SEPARATED)}) AND {is_number_sql(digits)}"
    return f"CASE WHEN {separated} THEN {digits} ELSE {text} END"


def is_number_sql(text: str) -> str:
    """Return the test of a payment card number."""
    return f"regexp_full_match({text}, {literal(_NUMBER)})"


def other_shape_sql(text: str, shape: str) -> str:
    """Return the test of text that is given and has another shape."""
    return f"NOT regexp_full_match({text}, {literal(shape)})"


def _without(text: str, pattern: str) -> str:
    return f"regexp_replace({text}, {literal(pattern)}, '', 'g')"
