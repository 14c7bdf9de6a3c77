"""Quoting of names and values for the statements that are composed from specifications."""

from __future__ import annotations

from collections.abc import Iterable


def literal(value: str | None) -> str:
    """Return a value as an SQL literal."""
    return "NULL" if value is None else "'" + value.replace("'", "''") + "'"


def literals(values: Iterable[str]) -> str:
    """Return values as a list of SQL literals."""
    return ", ".join(map(literal, values))


def name(identifier: str) -> str:
    """Return a quoted identifier."""
    return '"' + identifier.replace('"', '""') + '"'


def trimmed(text: str) -> str:
    """Return the text without the spaces around it."""
    return f"trim({text})"


def not_blank(line: str) -> str:
    """Return the condition of a line that holds more than spaces, tabs and carriage returns."""
    # The first character alone decides nearly always; trimming every line costs six times that.
    return f"(ascii({line}) > 32 OR trim({line}, ' ' || chr(9) || chr(13)) <> '')"
