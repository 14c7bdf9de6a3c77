"""The clean ones among deliveries whose texts are joined: rows, keys and files of each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from customer360_assets.deliveries.formats.joined import (
    Part,
    join,
    line_sql,
    number_of,
    place_sql,
)
from customer360_assets.deliveries.formats.source import Source, extra_note, text_source
from customer360_assets.deliveries.formats.sql_text import literals
from customer360_assets.deliveries.formats.truncation import cut_dates
from customer360_assets.deliveries.parsing.conversion import judged_sql, pads_of
from customer360_assets.deliveries.parsing.delivery import Delivery
from customer360_assets.deliveries.parsing.job import ParsingJob
from customer360_assets.deliveries.parsing.parsed import Parsed
from customer360_assets.deliveries.parsing.record import loaded
from customer360_assets.deliveries.parsing.sketch import sketches
from customer360_assets.deliveries.parsing.write import (
    GOOD,
    Written,
    columns_sql,
    partitioned_sql,
)

if TYPE_CHECKING:
    import duckdb

_ROWS = "__rows"
_OWN_DATE = "__own_date"
# A delivery has been written before the next one begins.
_OPEN_FILES = 100


@dataclass(frozen=True)
class Member:
    """A delivery and its text, which may have a header."""

    delivery: Delivery
    part: Part
    header: bool

    @property
    def records(self) -> int:
        """Lines that hold something, without the header."""
        return self.part.text.lines.records - (1 if self.header else 0)


def write_clean(
    members: Sequence[Member], job: ParsingJob, folder: Path, connection: duckdb.DuckDBPyConnection
) -> list[tuple[Path, Parsed]]:
    """Write the deliveries that nothing is wrong with; return the folder of each and what it held.

    The texts must be `like` each other. Raises RefusedError when the header of all is at fault.
    """
    folder.mkdir()
    text = join([member.part for member in members], folder / "text")
    source = text_source(text, job.spec, job.contract, connection)
    _keep_rows(members, job, source, connection)
    rows = _counted(members, connection)
    clean = _clean(members, job, source, rows, connection)
    if not clean:
        return []
    names = _extra_notes(source, connection)
    keys = sketches(job.contract, _ROWS, connection)
    files = _write_files(clean, rows, folder, connection)
    connection.execute(f"DROP TABLE {_ROWS}")
    made = []
    for place, member in clean.items():
        own = member.delivery.delivery_id
        written = Written(rows[own], files[own])
        notes = source.notes + names.get(place, ())
        parsed = loaded(member.delivery, job, member.records, written, notes, keys.get(own, {}))
        made.append((_folder(folder, own), parsed))
    return made


def _keep_rows(
    members: Sequence[Member],
    job: ParsingJob,
    source: Source,
    connection: duckdb.DuckDBPyConnection,
) -> None:
    deliveries = [member.delivery for member in members]
    spec, contract = job.spec, job.contract
    given: dict[str, Any] = {
        "ids": [d.delivery_id for d in deliveries],
        "seqs": [d.seq for d in deliveries],
    }
    delivered, date = source.sql, None
    if deliveries[0].business_date is not None:
        given["dates"], date = [d.business_date for d in deliveries], _OWN_DATE
        delivered = f"SELECT *, {_own('dates')} AS {_OWN_DATE} FROM ({delivered})"
    judged = judged_sql(spec, contract, delivered, source.types, date)
    columns = columns_sql(contract, _own("ids"), _own("seqs"), line_sql("__line_no"))
    connection.execute(
        f"CREATE TEMP TABLE {_ROWS} AS SELECT {columns} FROM ({judged}) WHERE {GOOD}",
        given | pads_of(job.key if spec.tokenizes else None),
    )


def _own(parameter: str) -> str:
    return f"list_extract(${parameter}, {place_sql('__line_no')})"


def _counted(
    members: Sequence[Member], connection: duckdb.DuckDBPyConnection
) -> dict[str, dict[dt.date, int]]:
    """Return the rows of each delivery by business date."""
    rows: dict[str, dict[dt.date, int]] = {member.delivery.delivery_id: {} for member in members}
    counted = connection.execute(
        f"SELECT delivery_id, business_date, count(*) FROM {_ROWS} GROUP BY ALL ORDER BY ALL"
    )
    for own, date, count in counted.fetchall():
        rows[own][date] = int(count)
    return rows


def _clean(
    members: Sequence[Member],
    job: ParsingJob,
    source: Source,
    rows: Mapping[str, dict[dt.date, int]],
    connection: duckdb.DuckDBPyConnection,
) -> dict[int, Member]:
    """Return the members by their place of which every record became a row, and that are whole."""
    clean = {
        place: member
        for place, member in enumerate(members, start=1)
        if sum(rows[member.delivery.delivery_id].values()) == member.records
        and (member.records or job.spec.delivery != "snapshot")
    }
    ends = {
        number_of(place, member.part.text.last_line): place
        for place, member in clean.items()
        if member.part.text.last_line is not None
    }
    if ends and source.last is not None and source.last.dates:
        for number in cut_dates(source.last.dates, [*ends], connection):
            del clean[ends[number]]
    return clean


def _extra_notes(
    source: Source, connection: duckdb.DuckDBPyConnection
) -> dict[int, tuple[str, ...]]:
    """Return the note on unknown fields of each place that has any."""
    if source.extras is None:
        return {}
    found = connection.execute(source.extras).fetchall()
    return {int(place): extra_note(names or (), count) for place, names, count in found}


def _write_files(
    clean: Mapping[int, Member],
    rows: Mapping[str, dict[dt.date, int]],
    folder: Path,
    connection: duckdb.DuckDBPyConnection,
) -> dict[str, dict[dt.date, tuple[str, ...]]]:
    """Write the rows of clean deliveries below a folder for each; return the files by date."""
    owns = [member.delivery.delivery_id for member in clean.values()]
    odd = sorted({*rows} - {*owns})
    which = f" WHERE delivery_id NOT IN ({literals(odd)})" if odd else ""
    connection.execute(f"SET partitioned_write_max_open_files = {_OPEN_FILES}")
    to = partitioned_sql(folder / "out", "delivery_id, business_date", "part")
    copied = connection.execute(f"COPY (FROM {_ROWS}{which}) TO {to}").fetchone()
    files = {own: _files(_folder(folder, own)) for own in owns}
    if copied != (sum(count for own in owns for count in rows[own].values()),) or any(
        files[own].keys() != rows[own].keys() for own in owns
    ):
        raise RuntimeError(f"{folder.name}: other rows were written than were counted")
    return files


def _folder(folder: Path, own: str) -> Path:
    return folder / "out" / f"delivery_id={own}"


def _files(folder: Path) -> dict[dt.date, tuple[str, ...]]:
    # One without a record has no file, and counts as parsed.
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[dt.date, tuple[str, ...]] = {}
    for path in sorted(folder.glob("*/*.parquet")):
        date = dt.date.fromisoformat(path.parent.name.removeprefix("business_date="))
        files[date] = (*files.get(date, ()), path.relative_to(folder).as_posix())
    return files
