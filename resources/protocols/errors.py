"""The base of errors that a user or operator can act on."""

from __future__ import annotations

DISK_FULL = "The disk is full. Free space and run again: what was published stays."


class ExplainedError(Exception):
    """An error whose text alone says what failed and what to do: no traceback is needed.

    The text holds no value of a record.
    """
