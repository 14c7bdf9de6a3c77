"""The texts of several deliveries in one file, for which the engine plans one query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from customer360_assets.deliveries.formats.containers import MARK
from customer360_assets.deliveries.formats.physical import BLANK, Lines
from customer360_assets.deliveries.formats.text import Text

_LINE_BITS = 32


@dataclass(frozen=True)
class JoinedText(Text):
    """Texts one after another; each line has the number that `number_of` returns for it.

    Before each line stands what to add to its place in the file, and a separator. open_ends: the
    last lines that nothing ends, one of each text that may have been cut.
    """

    open_ends: tuple[int, ...] = ()

    @property
    def last_line(self) -> int | None:
        """The first of the last lines that may have been cut; None when all have an end."""
        return self.open_ends[0] if self.open_ends else None

    def sql(self) -> str:
        """Return the query of all lines, numbered so that a number shows the text as well."""
        return self.lines_sql(
            "added + row_number() OVER ()", "'added': 'BIGINT', 'line': 'VARCHAR'"
        )


@dataclass(frozen=True)
class Part:
    """A text as it is joined to others: its header, if it has one, and the lines after it.

    skipped: how many lines come before `body`.
    """

    text: Text
    header: bytes
    body: bytes
    skipped: int

    @property
    def like(self) -> tuple[bytes, int, int | None]:
        """Equal for texts that one query can read."""
        return self.header, self.text.separator, self.text.stand_in


def part_of(text: Text, header: bool) -> Part:
    """Return a text with line feeds alone; it must be small, as all of it is held."""
    # The engine skips a mark at the start of a file alone.
    rest = text.path.read_bytes().removeprefix(MARK).replace(b"\r\n", b"\n")
    first, skipped = b"", 0
    while header and rest and not first.strip(BLANK):
        first, _, rest = rest.partition(b"\n")
        skipped += 1
    return Part(text, first, rest, skipped)


def join(parts: Sequence[Part], to: Path) -> JoinedText:
    """Write texts that are like each other into one file, the header they share once."""
    first, lines, open_ends = parts[0], Lines(), []
    between = bytes([first.text.separator])
    with to.open("wb") as file:

        def add(chunk: bytes) -> None:
            lines.add(chunk)
            file.write(chunk)

        if first.header:
            add(b"0" + between + first.header + b"\n")
        for place, part in enumerate(parts, start=1):
            added = b"%d" % (number_of(place, part.skipped) - lines.ended) + between
            if part.body:
                add(added + part.body.removesuffix(b"\n").replace(b"\n", b"\n" + added) + b"\n")
            if part.text.last_line is not None:
                open_ends.append(number_of(place, part.text.last_line))
    text = first.text
    return JoinedText(
        to, lines, text.separator, text.stand_in, ended=True, open_ends=tuple(open_ends)
    )


def number_of(place: int, line: int) -> int:
    """Return the number of a line among joined texts, from its own and the place of its text."""
    return (place << _LINE_BITS) + line


def place_sql(number: str) -> str:
    """Return the expression of the place of a line's text; 0 where texts are not joined."""
    return f"({number} >> {_LINE_BITS})"


def line_sql(number: str) -> str:
    """Return the expression of a line's own number."""
    return f"({number} & {(1 << _LINE_BITS) - 1})"
