"""Quoting of names and values for the statements that are composed from specifications."""

from __future__ import annotations

from collections.abc import Iterable

SPACE = "' ' || chr(9) || chr(13)"


def literal(value: str | None) -> str:
    """Give a value as an SQL literal."""
    return "NULL" if value is None else "'" + value.replace("'", "''") + "'"


def literals(values: Iterable[str]) -> str:
    """Give values as a list of SQL literals."""
    return ", ".join(map(literal, values))


def name(identifier: str) -> str:
    """Give a quoted identifier."""
    return '"' + identifier.replace('"', '""') + '"'


def trimmed(text: str) -> str:
    """Give the text without the blanks around it."""
    return f"trim({text}, {SPACE})"
