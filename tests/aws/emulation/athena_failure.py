"""How a query of the emulated Athena fails."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

USER, SYSTEM = 2, 1
_MISSING = re.compile(
    r'column "?([\w.]+)"? (was not found|not found|referenced that exists|.*does not)',
    re.IGNORECASE,
)


class Failure(Exception):  # noqa: N818 - Athena's word
    """A query ends in FAILED, or in another state, for this reason."""

    def __init__(self, reason: str, *, category: int = USER, state: str = "FAILED") -> None:
        super().__init__(reason)
        self.reason, self.category, self.state = reason, category, state


def failure_of(error: duckdb.Error) -> Failure:  # noqa: PLR0911 - one per kind
    """Return Athena's message for a DuckDB error; it quotes data where Athena's does."""
    import duckdb

    said = str(error).splitlines()[0]
    message = re.sub(r"^[\w ]+ Error: ", "", said)
    if isinstance(error, duckdb.InterruptException):
        return Failure("", state="CANCELLED")
    if isinstance(error, duckdb.OutOfMemoryException):
        return Failure("Query exhausted resources at this scale factor")
    if isinstance(error, duckdb.BinderException):
        if missing := _MISSING.search(message):
            return Failure(f"COLUMN_NOT_FOUND: line 1:1: Column '{missing[1]}' cannot be resolved")
        return Failure(f"SYNTAX_ERROR: line 1:1: {message}")
    if isinstance(error, duckdb.CatalogException):
        return Failure(f"FUNCTION_NOT_FOUND: line 1:1: {message}")
    if isinstance(error, duckdb.ParserException):
        return Failure(f"SYNTAX_ERROR: line 1:1: {message}")
    if isinstance(error, duckdb.InvalidInputException) and "_" in message.split(":")[0]:
        return Failure(message)  # raised by the query itself, in Athena's words
    if isinstance(error, duckdb.DataError | duckdb.InvalidInputException):
        return Failure(f"INVALID_CAST_ARGUMENT: {message}")
    return Failure(f"GENERIC_INTERNAL_ERROR: {message}", category=SYSTEM)
