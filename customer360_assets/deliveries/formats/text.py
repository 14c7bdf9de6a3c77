"""Delivered text, brought into the one form that the engine reads right: UTF-8, one line break."""

from __future__ import annotations

import codecs
import hashlib
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from customer360_assets.deliveries.formats.errors import RefusedError, not_gzip, not_plain, not_text
from customer360_assets.deliveries.formats.expansion import Expansion
from customer360_assets.deliveries.formats.marks import ByteOrderMarks, Tail
from customer360_assets.deliveries.formats.physical import MIB, Lines
from customer360_assets.deliveries.formats.sql_text import literal
from customer360_assets.feeds.spec import FeedSpec

MAX_LINE = 64 * MIB
_ENGINE_LINE = 2_000_000
_GZIP = 31


class DamagedError(OSError):
    """The archive's content has other bytes than were delivered; the message names it alone."""


@dataclass(frozen=True)
class Text:
    """A text that the engine can read: its file, its lines, and the characters it leaves free.

    `separator` occurs nowhere, so that a line is read as one column. `stand_in` is what the file
    has for a carriage return within a line, None where there is none.
    `ended`: an end-of-file mark proves that the text is complete.
    """

    path: Path
    lines: Lines
    separator: int
    stand_in: int | None = None
    ended: bool = False

    @property
    def last_line(self) -> int | None:
        """Number of a last line that may have been cut; None when a line break or mark ends it."""
        whole = self.ended or self.lines.ends_with_newline
        return None if whole else self.lines.total

    def sql(self) -> str:
        """Return the query of its lines: __line_no from 1, __record as delivered, NULL if blank."""
        return self.lines_sql("row_number() OVER ()", "'line': 'VARCHAR'")

    def lines_sql(self, number: str, columns: str) -> str:
        """Return the query of lines that an expression numbers; columns: those of the file."""
        size = max(_ENGINE_LINE, self.lines.longest + 2)
        # The usual buffer has room for many lines; a very long one needs no more than its own.
        buffer = max(_ENGINE_LINE * 16, size * 2)
        line = "line" if self.stand_in is None else f"replace(line, chr({self.stand_in}), chr(13))"
        return (
            f"SELECT {number} AS __line_no, {line} AS __record FROM read_csv("
            f"{literal(str(self.path))}, header = false, auto_detect = false, compression = 'none',"
            f" delim = chr({self.separator}), quote = '', escape = '', strict_mode = false,"
            f" columns = {{{columns}}}, max_line_size = {size}, buffer_size = {buffer})"
        )


def read_text(content: Path, sha256: str, spec: FeedSpec, scratch: Path) -> Text:
    """Check delivered bytes in one pass and return the text; `scratch` holds it where bytes differ.

    Raises RefusedError for what is not text of this encoding, DamagedError when the archive is
    damaged.
    """
    lines, tail = Lines(), Tail()
    direct = spec.encoding == "utf-8" and spec.compression == "none"
    path = content if direct else scratch / "decoded"
    plain = _plain(verified(content, sha256), spec)
    chunks = _checked(tail.without_end(_decoded(plain, spec.encoding, lines, tail)), lines)
    if direct:
        for _ in chunks:
            pass
    else:
        _write(path, chunks)
    if not lines.size:
        raise RefusedError(f"empty: {'an end-of-file mark alone' if tail.ended else '0 bytes'}")
    if not lines.regular or lines.marked or (direct and tail.ended):
        text = _normalized(path, lines, spec, scratch / "normalized")
    else:
        text = Text(path, lines, separator=_free(lines, 1)[0])
    if not text.lines.records:
        raise RefusedError("empty: blank lines alone")
    return replace(text, ended=tail.ended)


def verified(content: Path, sha256: str) -> Iterator[bytes]:
    """Yield the bytes in chunks; DamagedError after the last if they are not those archived."""
    digest = hashlib.sha256()
    with content.open("rb") as file:
        while chunk := file.read(MIB):
            digest.update(chunk)
            yield chunk
    if digest.hexdigest() != sha256:
        raise DamagedError(f"the archive is damaged: content {sha256} has other bytes")


def _plain(chunks: Iterator[bytes], spec: FeedSpec) -> Iterator[bytes]:
    plain = _unzipped(chunks, spec) if spec.compression == "gzip" else chunks
    start = next(plain, b"")
    if (reason := not_plain(start, spec.encoding, spec.compression)) is not None:
        raise RefusedError(reason)
    yield start
    yield from plain


def _unzipped(chunks: Iterator[bytes], spec: FeedSpec) -> Iterator[bytes]:
    unzip = zlib.decompressobj(_GZIP)
    start, expansion = b"", Expansion(spec)
    try:
        for chunk in chunks:
            start, rest = start or chunk, chunk
            expansion.read += len(chunk)
            while rest:
                if unzip.eof:
                    if not rest.strip(b"\0"):
                        break
                    unzip = zlib.decompressobj(_GZIP)
                plain = unzip.decompress(rest, MIB)
                rest = unzip.unused_data if unzip.eof else unzip.unconsumed_tail
                expansion.add(len(plain), unread=len(rest))
                yield plain
        if not unzip.eof:
            yield unzip.flush()
    except zlib.error:
        raise RefusedError(not_gzip(start)) from None
    if not unzip.eof:
        raise RefusedError("truncated gzip")


def _decoded(chunks: Iterator[bytes], encoding: str, lines: Lines, tail: Tail) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    passes_through = encoding == "utf-8"
    pending = b""
    try:
        for chunk in chunks:
            if passes_through and not pending and chunk.isascii():
                yield chunk
                continue
            text = decoder.decode(chunk)
            pending = decoder.getstate()[0]
            yield chunk if passes_through else text.encode()
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        line = (
            lines.ended + tail.pending.count(b"\n") + 1 + error.object[: error.start].count(b"\n")
        )
        raise RefusedError(f"not {encoding}: first bad byte in line {line}") from None
    except UnicodeEncodeError:
        raise RefusedError(f"not {encoding}: a character that is half of one") from None
    except UnicodeError:
        # What the decoders of UTF-16 and UTF-32 say of text whose byte order they cannot detect.
        raise RefusedError(f"not {encoding}: no byte-order mark") from None


def _checked(chunks: Iterator[bytes], lines: Lines) -> Iterator[bytes]:
    start = b""
    for chunk in chunks:
        if len(start) < MIB:
            start += chunk[:MIB]
            if (reason := not_text(start)) is not None:
                raise RefusedError(reason)
        lines.add(chunk)
        if lines.nul_line is not None:
            raise RefusedError(f"not text: a NUL byte in line {lines.nul_line}")
        if lines.longest > MAX_LINE:
            raise RefusedError(f"not lines of text: a line is longer than {MAX_LINE // MIB} MiB")
        yield chunk


def _normalized(path: Path, found: Lines, spec: FeedSpec, to: Path) -> Text:
    """Write the text with line feeds alone and without marks.

    The engine takes a carriage return for a line break and a mixture of breaks for blank lines.
    """
    if found.old_macintosh or found.regular:
        separator, stand_in = _free(found, 1)[0], None
    else:
        separator, stand_in = _free(found, 2)
    lines, tail, marks = Lines(), Tail(), ByteOrderMarks(spec.quote)

    def rewritten() -> Iterator[bytes]:
        for chunk in tail.without_end(_read(path)):
            text = chunk.replace(b"\r\n", b"\n")
            if stand_in is None:
                text = text.replace(b"\r", b"\n")
            text = marks.removed(text)
            # Counted as delivered: a line of a carriage return alone is blank.
            lines.add(text)
            yield text if stand_in is None else text.replace(b"\r", bytes([stand_in]))

    _write(to, rewritten())
    return Text(to, lines, separator, stand_in)


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(MIB):
            yield chunk


def _free(lines: Lines, count: int) -> list[int]:
    free = lines.unused_controls(count)
    if len(free) < count:
        raise RefusedError("not text: it uses too many control characters")
    return free


def _write(path: Path, chunks: Iterable[bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for chunk in chunks:
            file.write(chunk)
