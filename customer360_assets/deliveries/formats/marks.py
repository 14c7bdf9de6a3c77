"""Marks within a text that are no data: byte-order marks, and the end-of-file mark of DOS."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from customer360_assets.deliveries.formats.containers import MARK

END = b"\x1a"
_PADDING = END + b"\0 \t\r\n"
_PENDING = _PADDING + MARK
_MOST = 1 << 20


class Tail:
    """The end of a text that comes in chunks, held back until what follows it is known.

    ended: whether the text ended with a DOS end-of-file mark, which proves that it is complete.
    """

    def __init__(self) -> None:
        self.pending = b""
        self.ended = False

    def without_end(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the text without an end-of-file mark and the blanks, NULs and marks that pad it.

        A line break and the byte-order marks that follow it come whole within one chunk, unless
        more than 1 MiB of padding stands there.
        """
        for chunk in chunks:
            text = self.pending + chunk if self.pending else chunk
            end = len(text.rstrip(_PENDING))
            if len(text) - end > _MOST:
                end = max(text.rfind(b"\n"), 0) or len(text)
            self.pending = text[end:]
            if end:
                yield text[:end]
        end = self.pending.find(END, len(self.pending.rstrip(_PADDING)))
        self.ended = end >= 0
        yield self.pending[:end] if self.ended else self.pending


class ByteOrderMarks:
    """Byte-order marks where files were joined: at the start of a line, or of its quoted field."""

    def __init__(self, quote: str) -> None:
        mark, opens = re.escape(MARK), re.escape(quote.encode())
        self._quote = quote.encode()
        self._marks = re.compile(mark + b"(?:%s)*" % mark + b"(%s)?(?:%s)*" % (opens, mark))
        self._before = b"\n"

    def removed(self, chunk: bytes) -> bytes:
        """Return the next chunk of a text without such marks; lines end in line feeds."""
        if not chunk:
            return chunk
        before, self._before = self._before, (self._before + chunk)[-2:]
        if MARK not in chunk:
            return chunk
        return self._marks.sub(self._kept, before + chunk)[len(before) :]

    def _kept(self, found: re.Match[bytes]) -> bytes:
        text, at = found.string, found.start()
        opened = self._quote and text.endswith(b"\n" + self._quote, 0, at)
        if opened or text.endswith(b"\n", 0, at):
            return found[1] or b""
        return found[0]
