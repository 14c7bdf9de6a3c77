"""Writing of a delivery's records: rows by business date, what breaks a rule to quarantine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from customer360_assets.contracts.contract import Contract
from customer360_assets.deliveries.formats.errors import ParseError, RefusedError
from customer360_assets.deliveries.formats.source import UNCLOSED, WITHIN, Quoted, Source
from customer360_assets.deliveries.formats.sql_text import literal, name
from customer360_assets.deliveries.formats.truncation import refuse_truncated
from customer360_assets.deliveries.parsing.delivery import Delivery
from customer360_assets.deliveries.parsing.draft import Draft, Judgement, Query

if TYPE_CHECKING:
    import duckdb

GOOD = "__rule IS NULL AND __aside IS NULL"
"""The condition of a judged record that nothing is wrong with."""
_OPEN_FILES = 1000


class ConservationError(ParseError):
    """Records delivered are not records loaded plus records quarantined."""


@dataclass(frozen=True)
class Written:
    """What was written: rows and files by business date, quarantined records by rule.

    set_aside: values of loaded records, by the rule that they broke. quarantine: the file of both,
    None when there are none. doubted: columns in which a dot may separate thousands.
    """

    rows: Mapping[dt.date, int]
    files: Mapping[dt.date, tuple[str, ...]]
    broken: Mapping[str, int] = field(default_factory=dict)
    set_aside: Mapping[str, int] = field(default_factory=dict)
    quarantine: Path | None = None
    doubted: frozenset[str] = frozenset()

    @property
    def business_date(self) -> dt.date | None:
        """The date of most records, the later of equals; one wrong date does not move it."""
        return _most(self.rows)


def _most(rows: Mapping[dt.date, int]) -> dt.date | None:
    return max(rows, key=lambda date: (rows[date], date), default=None)


def write_records(draft: Draft, source: Source, judgement: Judgement) -> Written:
    """Write out/business_date=*/*.parquet and scratch/quarantine.parquet; raises RefusedError.

    A clean file is read once; only when records are missing from the result is it read again for
    those that broke a rule. It is written anew only when one of them has an open quote, for the
    lines that it reaches into, or a decimal comma, for the numbers that it puts in doubt.
    """
    written = _without_doubt(draft, source.records, judgement, source.sql)
    if UNCLOSED in written.broken and (quoted := source.quoted) is not None:
        with _within(quoted, draft.connection) as lines:
            if lines:
                draft.clear()
                written = _without_doubt(draft, source.records, judgement, quoted.sql)
    if written.broken and not written.rows:
        counts = ", ".join(f"{rule} {n}" for rule, n in written.broken.items())
        hint = f": {source.hint}" if source.hint else ""
        raise RefusedError(f"no record fits the feed ({counts}){hint}", records=source.records)
    if source.last is not None:
        refuse_truncated(source.last, source.records, written.quarantine, draft.connection)
    return written


def _without_doubt(draft: Draft, records: int, judgement: Judgement, delivered: str) -> Written:
    """Write the records; again, if some of them put the numbers of a column in doubt."""
    written = _write(draft, records, judgement.of(delivered))
    if not written.doubted:
        return written
    draft.clear()
    return _write(draft, records, judgement.of(delivered, written.doubted))


def _write(draft: Draft, records: int, judged: Query) -> Written:
    delivery, connection = draft.delivery, draft.connection
    loaded = _write_rows(draft, judged, GOOD, "part")
    if loaded == records:
        return Written(*_written(draft.out, connection))
    odd = draft.scratch / "odd.parquet"
    to = literal(str(odd))
    connection.execute(f"COPY (FROM ({judged.sql}) WHERE NOT ({GOOD})) TO {to}", judged.parameters)
    kept = f"FROM read_parquet({literal(str(odd))}, hive_partitioning = false)"
    loaded += _write_rows(draft, Query(kept), "__rule IS NULL", "set-aside")
    rows, files = _written(draft.out, connection)
    quarantine = draft.scratch / "quarantine.parquet"
    own = delivery.business_date or _most(rows)
    counts = _write_broken(delivery, kept, own, quarantine, connection)
    broken, set_aside = counts["record"], counts["value"]
    if loaded + sum(broken.values()) != records:
        raise ConservationError(
            f"{delivery.delivery_id}: {records} records delivered, {loaded} loaded, "
            f"{sum(broken.values())} quarantined"
        )
    doubted = connection.execute(f"SELECT DISTINCT unnest(__doubts) AS c {kept} ORDER BY c")
    return Written(
        rows=rows,
        files=files,
        broken=broken,
        set_aside=set_aside,
        quarantine=quarantine,
        doubted=frozenset(c for (c,) in doubted.fetchall() if c is not None),
    )


@contextmanager
def _within(quoted: Quoted, connection: duckdb.DuckDBPyConnection) -> Iterator[int]:
    """Keep the lines within quotes meanwhile; return how many there are."""
    kept = connection.execute(f"CREATE TEMP TABLE {WITHIN} AS {quoted.within}").fetchone()
    yield int(kept[0]) if kept else 0
    connection.execute(f"DROP TABLE {WITHIN}")


def columns_sql(contract: Contract, delivery_id: str, seq: str, line: str) -> str:
    """Return a contract's columns of judged records, given the expressions of where they are of."""
    made = {
        "delivery_id": delivery_id,
        "delivery_seq": f"CAST({seq} AS BIGINT)",
        "line_no": f"CAST({line} AS BIGINT)",
    }
    return ", ".join(
        f"{made.get(c.name, name(c.name))} AS {name(c.name)}" for c in contract.columns
    )


def _write_rows(draft: Draft, judged: Query, which: str, part: str) -> int:
    delivery, out, connection = draft.delivery, draft.out, draft.connection
    columns = columns_sql(
        draft.contract, literal(delivery.delivery_id), str(delivery.seq), "__line_no"
    )
    good = f"SELECT {columns} FROM ({judged.sql}) WHERE {which}"
    if delivery.business_date is not None:
        folder = out / f"business_date={delivery.business_date}"
        folder.mkdir(exist_ok=True)
        to = f"{literal(str(folder / f'{part}-0.parquet'))} (FORMAT parquet)"
    else:
        # Few files per date, whatever the order of the records.
        connection.execute(f"SET partitioned_write_max_open_files = {_OPEN_FILES}")
        to = partitioned_sql(out, "business_date", part)
    written = connection.execute(f"COPY ({good}) TO {to}", judged.parameters).fetchone()
    return int(written[0]) if written else 0


def partitioned_sql(out: Path, by: str, part: str) -> str:
    """Return where COPY writes to: below a folder, files named `part` for each value of columns."""
    return (
        f"{literal(str(out))} (FORMAT parquet, PARTITION_BY ({by}),"
        f" WRITE_PARTITION_COLUMNS true, FILENAME_PATTERN '{part}-{{i}}',"
        " OVERWRITE_OR_IGNORE true)"
    )


def _written(
    out: Path, connection: duckdb.DuckDBPyConnection
) -> tuple[dict[dt.date, int], dict[dt.date, tuple[str, ...]]]:
    """Return rows and files by business date, from the files' footers; delete empty files."""
    rows: dict[dt.date, int] = {}
    files: dict[dt.date, tuple[str, ...]] = {}
    paths = sorted(out.glob("*/*.parquet"))
    if not paths:
        return rows, files
    counted = connection.execute(
        "SELECT file_name, num_rows FROM parquet_file_metadata(?)", [[str(p) for p in paths]]
    ).fetchall()
    for file, count in sorted(counted):
        path = Path(file)
        if not count:
            path.unlink()
            if not any(path.parent.iterdir()):
                path.parent.rmdir()
            continue
        date = dt.date.fromisoformat(path.parent.name.removeprefix("business_date="))
        rows[date] = rows.get(date, 0) + int(count)
        files[date] = (*files.get(date, ()), path.relative_to(out).as_posix())
    return rows, files


def _write_broken(
    delivery: Delivery,
    odd: str,
    business_date: dt.date | None,
    to: Path,
    connection: duckdb.DuckDBPyConnection,
) -> dict[str, dict[str, int]]:
    """Write a row per record that is in no table, and per value set aside; count both by rule."""
    date = literal(business_date.isoformat() if business_date else None)
    connection.execute(
        f"COPY (SELECT CAST({date} AS DATE) AS business_date, {literal(delivery.feed)} AS feed,"
        f" {literal(delivery.delivery_id)} AS delivery_id, {literal(delivery.file)} AS file,"
        " CAST(__line_no AS BIGINT) AS line_no,"
        " unnest(CASE WHEN __rule IS NULL THEN __aside ELSE [__rule] END) AS rule,"
        " CASE WHEN __rule IS NULL THEN 'value' ELSE 'record' END AS set_aside,"
        f" {literal(f'raw/{delivery.feed}')} AS caught_by, __record AS record"
        f" {odd}) TO {literal(str(to))} (FORMAT parquet)"
    )
    counted = connection.execute(
        "SELECT set_aside, rule, count(*) FROM read_parquet(?) GROUP BY ALL ORDER BY ALL", [str(to)]
    )
    counts: dict[str, dict[str, int]] = {"record": {}, "value": {}}
    for what, rule, count in counted.fetchall():
        counts[str(what)][str(rule)] = int(count)
    return counts
