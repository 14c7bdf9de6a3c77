"""The physical lines of a text, counted apart from the engine that reads them."""

from __future__ import annotations

import re

from customer360_assets.deliveries.formats.containers import MARK

BLANK = b" \t\r"
CONTROLS = b"\x1f\x1e\x1d\x1c\x1b\x1a\x19\x18\x17\x16"
MIB = 1 << 20
_PERHAPS_BLANK = re.compile(rb"\n[\n\r \t]")


class Lines:
    """A running account of UTF-8 text that comes in chunks."""

    def __init__(self) -> None:
        self.ended = 0
        self.blank = 0
        self.feeds = 0
        self.returns = 0
        self.crlf = 0
        self.nul_line: int | None = None
        self.marked = False
        """True when a byte-order mark stands elsewhere than at the start."""
        self.size = 0
        self._longest = 0
        self._current = 0
        self._current_blank = True
        self._last = b""
        self._unused = set(CONTROLS)

    def add(self, chunk: bytes) -> None:
        """Account for the next chunk; a byte-order mark stands whole within one."""
        if not chunk:
            return
        if not self.size:
            # The engine skips it: a first line of a mark alone is blank.
            text = chunk.removeprefix(MARK)
            self.size = len(chunk) - len(text)
            chunk = text
        self.marked = self.marked or (not chunk.isascii() and MARK in chunk)
        if self.nul_line is None and (nul := chunk.find(b"\0")) >= 0:
            self.nul_line = self.ended + chunk.count(b"\n", 0, nul) + 1
        self._unused -= {c for c in self._unused if bytes([c]) in chunk}
        self.feeds += chunk.count(b"\n")
        if returns := chunk.count(b"\r"):
            self.returns += returns
            self.crlf += chunk.count(b"\r\n")
        self.crlf += self._last == b"\r" and chunk[:1] == b"\n"
        self._last = chunk[-1:]
        self.size += len(chunk)
        self._count_blank(chunk)

    @property
    def records(self) -> int:
        """Lines that hold something, a last one without line break included."""
        return self.total - self.blank - (self._current > 0 and self._current_blank)

    @property
    def total(self) -> int:
        """Lines, a last one without line break included."""
        return self.ended + (self._current > 0)

    @property
    def ends_with_newline(self) -> bool:
        """Return False if the last line was cut, or never ended."""
        return self._current == 0

    @property
    def regular(self) -> bool:
        """Return True if every line ends the same way and no carriage return stands elsewhere."""
        return self.returns == 0 or self.returns == self.crlf == self.feeds

    @property
    def old_macintosh(self) -> bool:
        """Return True if carriage returns alone end the lines."""
        return self.returns > 0 and self.feeds == 0

    @property
    def longest(self) -> int:
        """No line has more bytes than this."""
        return max(self._longest, self._current)

    def unused_controls(self, count: int) -> list[int]:
        """Return control characters that the text does not use; fewer when it uses too many."""
        return [c for c in CONTROLS if c in self._unused][:count]

    def _count_blank(self, chunk: bytes) -> None:
        first, last = chunk.find(b"\n"), chunk.rfind(b"\n")
        if first < 0:
            self._current += len(chunk)
            self._current_blank = self._current_blank and not chunk.strip(BLANK)
            return
        whole = chunk[first + 1 : last + 1]
        self.blank += self._current_blank and not chunk[:first].strip(BLANK)
        self.ended += 1 + whole.count(b"\n")
        self._longest = max(self._longest, self._current + first, _longest_line(whole))
        # A blank line within shows by what follows a line break: most chunks need no more.
        if whole[:1] in b"\n \t\r" or _PERHAPS_BLANK.search(whole):
            self.blank += sum(not line.strip(BLANK) for line in whole.split(b"\n")[:-1])
        rest = chunk[last + 1 :]
        self._current = len(rest)
        self._current_blank = not rest.strip(BLANK)


def _longest_line(whole: bytes) -> int:
    """Return a bound on the longest line: exact only where it matters, above 64 KiB."""
    step = 1 << 16
    if len(whole) <= step:
        return len(whole)
    breaks = [whole.find(b"\n", at) for at in range(0, len(whole), step)]
    gaps = (b - at for at, b in zip(range(0, len(whole), step), breaks, strict=True))
    return step + max((gap for gap in gaps if gap >= 0), default=0)
