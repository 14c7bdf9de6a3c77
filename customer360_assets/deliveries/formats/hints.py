"""What a text looks like whose records do not fit its feed."""

from __future__ import annotations

from customer360_assets.deliveries.formats.containers import MARK
from customer360_assets.deliveries.formats.text import Text
from customer360_assets.feeds.spec import FeedSpec

ARRAY = "a JSON array, and the feed reads one object per line"
_HEAD = 4096
_BLANK = " \t\r\n\ufeff"
_NEL = "\x85"


def looks_like(text: Text, spec: FeedSpec) -> str | None:
    """Return what the start of the text shows, None when it shows nothing.

    ARRAY is returned for lines of JSON only when no line is a record of its own: the first one
    opens an array that it does not close, or is all there is.
    """
    with text.path.open("rb") as file:
        head = file.read(_HEAD).removeprefix(MARK).decode(errors="replace").lstrip(_BLANK)
    if spec.format == "delimited":
        if head.startswith("{"):
            return "it starts with '{', as JSON does"
    elif head.startswith("["):
        alone = text.lines.records == 1 or not _closes_its_first_line(text)
        return ARRAY if alone else "its first line is a JSON array, not an object"
    if text.lines.total > 1:
        return None
    return "NEL ends its lines, not a line feed" if _NEL in head else "it has no line break"


def _closes_its_first_line(text: Text) -> bool:
    with text.path.open("rb") as file:
        lines = (line.removeprefix(MARK).strip() for line in file)
        return next(filter(None, lines), b"").endswith(b"]")
