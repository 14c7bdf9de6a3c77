"""Rows of a query as a table, one value a line, CSV or JSON: by position, nothing interpreted."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from customer360_assets.cli.options import OutputFormat
from customer360_assets.cli.visible import visible

if TYPE_CHECKING:
    import pyarrow as pa

Row = tuple[Any, ...]
AT_ONCE = 10_000
GAP = "  "


def print_rows(found: pa.Table, output: OutputFormat) -> None:
    """Print a result to standard output."""
    names = list(found.column_names)
    if output is OutputFormat.json:
        _print_json(names, _rows(found))
    elif output is OutputFormat.csv:
        _print_csv(names, _rows(found))
    else:
        sys.stdout.writelines(f"{line}\n" for line in table_lines(names, _rows(found), _width()))


def _rows(found: pa.Table) -> Iterator[Row]:
    for batch in found.to_batches(max_chunksize=AT_ONCE):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _print_json(names: Sequence[str], rows: Iterable[Row]) -> None:
    keys = unique(names)
    listed = [dict(zip(keys, row, strict=True)) for row in rows]
    json.dump(listed, sys.stdout, default=str, indent=2)
    sys.stdout.write("\n")


def unique(names: Sequence[str]) -> list[str]:
    """Return the names with a number behind those that are there already: a, a_2."""
    taken = set(names)
    found: list[str] = []
    for name in names:
        key, number = name, 2
        while key in found or (key != name and key in taken):
            key, number = f"{name}_{number}", number + 1
        found.append(key)
    return found


def _print_csv(names: Sequence[str], rows: Iterable[Row]) -> None:
    # A program gets the values as they are; a terminal must not act on them.
    shown: Iterable[Sequence[Any]] = chain([names], rows)
    if sys.stdout.isatty():
        shown = (tuple(_cell(value) for value in row) for row in shown)
    csv.writer(sys.stdout, lineterminator="\n").writerows(shown)


def _width() -> int | None:
    """Return the columns of the terminal; None where the output is none."""
    if (given := os.environ.get("COLUMNS", "")).isdigit() and int(given) > 0:
        return int(given)
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or None
    except (OSError, ValueError):
        return None


def table_lines(names: Sequence[str], rows: Iterable[Row], width: int | None) -> Iterator[str]:
    """Return the lines of a table; one value a line where a row is wider than the terminal."""
    cells = [[_cell(value) for value in row] for row in rows]
    heads = [visible(name) for name in names]
    widths = [max(map(_columns, column)) for column in zip(heads, *cells, strict=True)]
    if width is not None and sum(widths) + len(GAP) * (len(widths) - 1) > width:
        return _vertical(heads, cells)
    return (
        GAP.join(map(_padded, row, widths)).rstrip()
        for row in (heads, ["-" * w for w in widths], *cells)
    )


def _vertical(heads: Sequence[str], cells: Sequence[Sequence[str]]) -> Iterator[str]:
    width = max(map(_columns, heads))
    for number, row in enumerate(cells, start=1):
        yield f"-- row {number} --"
        yield from (
            f"{_padded(head, width)}{GAP}{cell}".rstrip()
            for head, cell in zip(heads, row, strict=True)
        )
    if not cells:
        yield f"No rows. Columns: {', '.join(heads)}"


def _cell(value: Any) -> str:
    return "" if value is None else visible(str(value))


def _columns(text: str) -> int:
    """Return the columns that a text takes on a terminal: some characters take two, or none."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _columns(text))
