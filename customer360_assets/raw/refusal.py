"""Why a whole file is refused, or cannot be parsed at all."""

from __future__ import annotations

from resources.errors import ExplainedError

PARQUET = b"PAR1"


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
    """Give why the first bytes cannot begin delimited or JSON text, None when they can."""
    head = start.lstrip(b"\xef\xbb\xbf \t\r\n")[:64].lower()
    if head.startswith((b"<!doctype html", b"<html")):
        return "an HTML page, saved in place of the file"
    if head.startswith(b"<"):
        return "starts with '<': an HTML or XML page in place of the file"
    return None


def not_plain(start: bytes) -> str | None:
    """Give which other format the first bytes are, None when they may be uncompressed text."""
    if start.startswith(b"\x1f\x8b"):
        return "gzip, though the specification says compression: none"
    # A Parquet file goes on with the Thrift header of its first page.
    if start.startswith(PARQUET + b"\x15"):
        return "Parquet, though the specification says text"
    return None
