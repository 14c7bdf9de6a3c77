"""Why a whole file is refused, or cannot be parsed at all."""

from __future__ import annotations

from customer360_assets.deliveries.formats.containers import PARQUET, container, other_encoding
from resources.protocols.errors import ExplainedError

__all__ = [
    "PARQUET",
    "ParseError",
    "RefusedError",
    "not_gzip",
    "not_parquet",
    "not_plain",
    "not_text",
]


class RefusedError(Exception):
    """The file is not what its feed delivers; the message is the reason, without any content.

    records: how many the file has, None when they could not be counted.
    """

    def __init__(self, reason: str, records: int | None = None) -> None:
        super().__init__(reason)
        self.records = records


class ParseError(ExplainedError, RuntimeError):
    """A delivery could not be parsed; the message names it and the kind of failure, no values."""


def not_text(start: bytes) -> str | None:
    """Return why the first bytes cannot begin delimited or JSON text, None if they can."""
    head = start.lstrip(b"\xef\xbb\xbf \t\r\n")[:64].lower()
    if head.startswith((b"<!doctype html", b"<html")):
        return "an HTML page, saved in place of the file"
    if head.startswith(b"<"):
        return "starts with '<': an HTML or XML page in place of the file"
    return None


def not_plain(start: bytes, encoding: str, compression: str = "none") -> str | None:
    """Return which other format or encoding the first bytes are, None for text as stated."""
    if (found := container(start)) is not None:
        if compression == "none":
            return found.reason()
        return f"within {compression}: {found.reason('text')}"
    if (other := other_encoding(start, encoding)) is not None:
        return f"{other}, though the specification says encoding: {encoding}"
    return None


def not_gzip(start: bytes) -> str:
    """Return why the first bytes begin no gzip."""
    found = container(start)
    if found is None or found.name.startswith("gzip"):
        return "not gzip, or damaged gzip"
    return found.reason("compression: gzip")


def not_parquet(start: bytes) -> str:
    """Return why the first bytes begin no Parquet file."""
    if (reason := not_text(start)) is not None:
        return reason
    found = container(start)
    return "not a Parquet file" if found is None else found.reason("format: parquet")
