"""Dates in file names, and date formats in columns."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache

_DIGITS = {"Y": 4, "y": 2, "m": 2, "d": 2, "H": 2, "M": 2, "S": 2, "j": 3}
_NAMED = {"Y": "year", "m": "month", "d": "day"}
_OTHER = {"f", "b", "B", "a", "A", "p", "I", "%"}
_NUMBERS = {*_DIGITS, "f", "I"}
YEAR = "(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"
"""A year of the calendar, which has none before 0001."""
_WORDS = {
    "Y": YEAR,
    "f": "[0-9]{1,6}",
    **dict.fromkeys("bBaA", "[A-Za-z]+"),
    "p": "[AaPp][Mm]",
    "%": "%",
}


@lru_cache
def name_pattern(pattern: str) -> re.Pattern[str]:
    r"""Return the regular expression of a file name pattern; ValueError says what it lacks.

    Either a regular expression with the groups year, month and day, or a name with strptime codes
    and `*` ("card00%Y%m%d-*.csv").
    """
    if "(?P<" in pattern:
        try:
            compiled = re.compile(pattern)
        except re.error as error:
            raise ValueError(f"{pattern!r} is no regular expression: {error}") from None
    else:
        compiled = re.compile("".join(map(_translate, re.findall(r"%.|[^%]", pattern))))
    if {"year", "month", "day"} - set(compiled.groupindex):
        raise ValueError(
            f"{pattern!r} finds no date: write %Y, %m and %d, "
            "or a regular expression with groups year, month and day"
        )
    return compiled


def _translate(part: str) -> str:
    if part == "*":
        return ".*"
    if not part.startswith("%"):
        return re.escape(part)
    if part[1] in _NAMED:
        return rf"(?P<{_NAMED[part[1]]}>\d{{{_DIGITS[part[1]]}}})"
    if part[1] in _DIGITS:
        return rf"\d{{{_DIGITS[part[1]]}}}"
    raise ValueError(f"{part!r} is not a code for file names; known: {sorted(_DIGITS)}")


def date_in_name(pattern: str, name: str) -> dt.date:
    """Return the date that a file name states; ValueError says why there is none."""
    found = name_pattern(pattern).fullmatch(name)
    if found is None:
        raise ValueError(f"the name does not fit {pattern!r}")
    year, month, day = (int(found[part]) for part in ("year", "month", "day"))
    try:
        return dt.date(year, month, day)
    except ValueError:
        raise ValueError(
            f"the name states no date: year {year}, month {month}, day {day}"
        ) from None


def check_format(text: str) -> str:
    """Return a column's date format; ValueError names a code that the engine does not know."""
    codes = re.findall(r"%(.?)", text)
    if not codes or (unknown := [c for c in codes if c not in _DIGITS and c not in _OTHER]):
        wrong = f"%{unknown[0]}" if codes else "no code"
        raise ValueError(f"{text!r} has {wrong}; write strptime codes such as %Y-%m-%d")
    return text


def shape_of(form: str) -> str:
    """Return the regular expression of the values of a column's date format.

    Numbers that touch each other have all their digits, or "93111" would read as %y%m%d; elsewhere
    3.2.2024 is as good as 03.02.2024. A year has all its digits everywhere.
    """
    parts = re.findall(r"%(.)|([^%]+)", form)
    codes = ["", *(code for code, _ in parts), ""]
    shape = ""
    for before, after, (code, between) in zip(codes, codes[2:], parts, strict=False):
        touches = {before, after} & _NUMBERS
        shape += (
            _shape_of(code, exact=bool(touches))
            if code
            else re.escape(between).replace(r"\ ", " +")
        )
    return shape


def _shape_of(code: str, *, exact: bool) -> str:
    if code in _WORDS:
        return _WORDS[code]
    digits = _DIGITS.get(code, 2)
    return f"[0-9]{{{digits}}}" if exact or code == "y" else f"[0-9]{{1,{digits}}}"
