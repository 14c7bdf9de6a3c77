"""Text as it may be shown on any terminal."""

from __future__ import annotations

import os
import re
import sys
import unicodedata

_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Controls, formats (such as reversed writing), surrogates, and separators of lines."""
_MAY_HIDE = re.compile(r"[^\x20-\x7e\xa1-\xac\xae-\u02ff]")


def visible(text: str) -> str:
    r"""Return the text with characters that show nothing, or steer a terminal, as escapes: \x1b."""
    return _MAY_HIDE.sub(_escaped, text)


def visible_lines(text: str) -> str:
    """Return a message whose own line breaks stay."""
    return "\n".join(visible(line) for line in text.split("\n"))


def _escaped(found: re.Match[str]) -> str:
    character = found.group()
    if unicodedata.category(character) not in _HIDDEN:
        return character
    return character.encode("unicode_escape").decode("ascii")


def say_failure(text: str) -> None:
    """Print a sentence to standard error, in red on a terminal."""
    said = visible_lines(text)
    red = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    # Not by click's echo, which writes UTF-8 to a stream of another encoding.
    sys.stderr.write(f"\x1b[31m{said}\x1b[0m\n" if red else f"{said}\n")


def write_anything() -> None:
    """Make output streams escape characters that their encoding lacks, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
