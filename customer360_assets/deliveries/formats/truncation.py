"""Files that were cut: only a last line that nothing ends can show it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from customer360_assets.deliveries.formats.errors import RefusedError
from customer360_assets.deliveries.formats.joined import place_sql
from customer360_assets.deliveries.formats.sql_text import literal

if TYPE_CHECKING:
    import duckdb

_FEWEST_EQUAL = 3
# What a writer may leave out of a time: isoformat() gives no fraction of a whole second.
_FINER = re.compile(r"([T ]99:99)?(:99)?(\.9+)?")
_OBJECTS = ("record:json", "record:python_literal")
_TEXTS = re.compile(r"""(?s)"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'""")


@dataclass(frozen=True)
class LastLine:
    """A last line that no line break and no end-of-file mark ends.

    lines: a query of __line_no and __fields of delimited lines, else None. width: how many fields
    a line has. columns: those that the last field fills. dates: a query of __line_no and the last
    field as text, NULL where none is given, when it fills a date or timestamp.
    """

    number: int
    lines: str | None = None
    width: int = 0
    columns: frozenset[str] = field(default_factory=frozenset)
    dates: str | None = None


def refuse_truncated(
    last: LastLine, records: int, quarantine: Path | None, connection: duckdb.DuckDBPyConnection
) -> None:
    """Raise RefusedError when the last line shows that the file was cut.

    It shows that by fewer fields than the others, a quote or brace that is not closed, a last value
    that is broken and shorter than others, or a date that stops within a number. Of a shorter word
    or number that is valid this is unknown, as of a time that is only less precise.
    """
    rule, record = _broken(last, quarantine, connection)
    seen = None if rule is None else _seen(last, rule, record, connection)
    if seen is not None:
        raise RefusedError(f"truncated: the last line ends early ({rule}): {seen}", records)
    if rule is None and last.dates and cut_dates(last.dates, [last.number], connection):
        raise RefusedError("truncated: the date that ends the last line is cut", records)


def _broken(
    last: LastLine, quarantine: Path | None, connection: duckdb.DuckDBPyConnection
) -> tuple[str | None, str]:
    if quarantine is None:
        return None, ""
    # Of several values that were set aside, the last one shows a cut.
    found = connection.execute(
        "SELECT rule, record FROM read_parquet(?) WHERE line_no = ?"
        " ORDER BY list_contains(?, split_part(rule, ':', 1)) DESC, rule LIMIT 1",
        [str(quarantine), last.number, sorted(last.columns)],
    ).fetchone()
    return (None, "") if found is None else (str(found[0]), str(found[1]))


def _seen(
    last: LastLine, rule: str, record: str, connection: duckdb.DuckDBPyConnection
) -> str | None:
    """Return what shows that a broken last line was cut, None when nothing does."""
    if rule in _OBJECTS:
        return "no brace closes its object" if _is_open(record) else None
    if last.lines is None:
        return None
    if rule == "record:quote":
        return "no quote closes its field"
    if rule == "record:column_count":
        count = _count(last, connection)
        return f"{count} of {last.width} fields" if count < last.width else None
    if rule.partition(":")[0] in last.columns and _is_shorter(last, connection):
        return "its last value is shorter than others"
    return None


def _is_open(record: str) -> bool:
    bare = _TEXTS.sub("", record.strip())
    return bare.startswith("{") and ('"' in bare or bare.count("{") > bare.count("}"))


def _count(last: LastLine, connection: duckdb.DuckDBPyConnection) -> int:
    sql = f"SELECT len(__fields) FROM ({last.lines}) WHERE __line_no = {last.number}"
    return int((connection.execute(sql).fetchone() or (0,))[0])


def _is_shorter(last: LastLine, connection: duckdb.DuckDBPyConnection) -> bool:
    its = f"FILTER (__line_no = {last.number})"
    found = connection.execute(
        f"SELECT max(n) {its} < max(n) FROM"
        f" (SELECT __line_no, length(trim(__fields[-1])) AS n FROM ({last.lines}))"
    ).fetchone()
    return bool(found and found[0])


def cut_dates(
    dates: str, last_lines: Sequence[int], connection: duckdb.DuckDBPyConnection
) -> set[int]:
    """Return those last lines whose date stops within a number.

    dates: as in LastLine. last_lines: one of each delivery that the text joins and nothing ends.
    """
    # How many other dates are given, the first and last of their shapes, and the last line's.
    digits = f"{literal('0123456789')}, {literal('9' * 10)}"
    other = "FILTER (__line_no <> number)"
    found = connection.execute(
        f"SELECT number, count(shape) {other}, min(shape) {other}, max(shape) {other},"
        " max(shape) FILTER (__line_no = number)"
        " FROM (SELECT unnest(CAST(? AS BIGINT[])) AS number) AS ends"
        f" JOIN (SELECT __line_no, translate(text, {digits}) AS shape FROM ({dates})) AS given"
        f" ON {place_sql('number')} = {place_sql('__line_no')} GROUP BY number",
        [list(last_lines)],
    ).fetchall()
    return {int(number) for number, *shapes in found if _is_cut(*shapes)}


def _is_cut(others: int, first: str | None, last: str | None, its: str | None) -> bool:
    if others < _FEWEST_EQUAL or first != last or not first or not its:
        return False
    rest = first.removeprefix(its)
    return first not in (its, rest) and _FINER.fullmatch(rest) is None
