"""Writing of a delivery's records: good rows by business date, the rest to quarantine."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from customer360_assets.contracts.contract import Contract
from customer360_assets.raw.refusal import ParseError, RefusedError
from customer360_assets.raw.source import UNCLOSED, WITHIN, Quoted, Source
from customer360_assets.raw.sql_text import literal, name
from customer360_assets.raw.truncation import refuse_truncated

if TYPE_CHECKING:
    import duckdb

    from customer360_assets.raw.parse import Delivery

_OPEN_FILES = 1000


class ConservationError(ParseError):
    """Records delivered are not records loaded plus records quarantined."""


@dataclass(frozen=True)
class Written:
    """What was written: rows and files by business date, quarantined records by rule.

    quarantine: the file of the quarantined records, None when there are none.
    """

    rows: Mapping[dt.date, int]
    files: Mapping[dt.date, tuple[str, ...]]
    broken: Mapping[str, int] = field(default_factory=dict)
    quarantine: Path | None = None

    @property
    def business_date(self) -> dt.date | None:
        """The date of most records, the later of equals; one wrong date does not move it."""
        return max(self.rows, key=lambda date: (self.rows[date], date), default=None)


def write_records(
    delivery: Delivery,
    contract: Contract,
    source: Source,
    judged: Callable[[str], str],
    out: Path,
    scratch: Path,
    connection: duckdb.DuckDBPyConnection,
) -> Written:
    """Write out/business_date=*/*.parquet and scratch/quarantine.parquet; raises RefusedError.

    `judged` makes the query of typed columns of one of delivered fields. A clean file is read once;
    only when records are missing from the result is it read again for those that broke a rule, and
    only when one of them has an open quote for the lines that it reaches into.
    """

    def write(delivered: str) -> Written:
        sql = judged(delivered)
        return _write(delivery, contract, source.records, sql, out, scratch, connection)

    written = write(source.sql)
    if UNCLOSED in written.broken and (quoted := source.quoted) is not None:
        with _within(quoted, connection) as lines:
            if lines:
                shutil.rmtree(out)
                out.mkdir()
                written = write(quoted.sql)
    if written.broken and not written.rows:
        counts = ", ".join(f"{rule} {n}" for rule, n in written.broken.items())
        hint = f": {source.hint}" if source.hint else ""
        raise RefusedError(f"no record fits the feed ({counts}){hint}", records=source.records)
    if source.last is not None:
        refuse_truncated(source.last, source.records, written.quarantine, connection)
    return written


def _write(
    delivery: Delivery,
    contract: Contract,
    records: int,
    judged: str,
    out: Path,
    scratch: Path,
    connection: duckdb.DuckDBPyConnection,
) -> Written:
    loaded = _write_good(delivery, contract, judged, out, connection)
    good = Written(*_written(out, connection))
    if loaded == records:
        return good
    quarantine = scratch / "quarantine.parquet"
    own = delivery.business_date or good.business_date
    broken = _write_broken(delivery, judged, own, quarantine, connection)
    if loaded + sum(broken.values()) != records:
        raise ConservationError(
            f"{delivery.delivery_id}: {records} records delivered, {loaded} loaded, "
            f"{sum(broken.values())} quarantined"
        )
    return replace(good, broken=broken, quarantine=quarantine)


@contextmanager
def _within(quoted: Quoted, connection: duckdb.DuckDBPyConnection) -> Iterator[int]:
    """Keep the lines within quotes meanwhile; gives how many there are."""
    kept = connection.execute(f"CREATE TEMP TABLE {WITHIN} AS {quoted.within}").fetchone()
    yield int(kept[0]) if kept else 0
    connection.execute(f"DROP TABLE {WITHIN}")


def _write_good(
    delivery: Delivery,
    contract: Contract,
    judged: str,
    out: Path,
    connection: duckdb.DuckDBPyConnection,
) -> int:
    made = {
        "delivery_id": literal(delivery.delivery_id),
        "delivery_seq": f"CAST({delivery.seq} AS BIGINT)",
        "line_no": "CAST(__line_no AS BIGINT)",
    }
    columns = ", ".join(
        f"{made.get(c.name, name(c.name))} AS {name(c.name)}" for c in contract.columns
    )
    good = f"SELECT {columns} FROM ({judged}) WHERE __rule IS NULL"
    if delivery.business_date is not None:
        folder = out / f"business_date={delivery.business_date}"
        folder.mkdir()
        to = f"{literal(str(folder / 'part-0.parquet'))} (FORMAT parquet)"
    else:
        # Few files per date, whatever the order of the records.
        connection.execute(f"SET partitioned_write_max_open_files = {_OPEN_FILES}")
        to = (
            f"{literal(str(out))} (FORMAT parquet, PARTITION_BY (business_date),"
            " WRITE_PARTITION_COLUMNS true, FILENAME_PATTERN 'part-{i}', OVERWRITE_OR_IGNORE true)"
        )
    written = connection.execute(f"COPY ({good}) TO {to}").fetchone()
    return int(written[0]) if written else 0


def _written(
    out: Path, connection: duckdb.DuckDBPyConnection
) -> tuple[dict[dt.date, int], dict[dt.date, tuple[str, ...]]]:
    """Give rows and files by business date, from the files' own footers; empty files go."""
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
            path.parent.rmdir()
            continue
        date = dt.date.fromisoformat(path.parent.name.removeprefix("business_date="))
        rows[date] = rows.get(date, 0) + int(count)
        files[date] = (*files.get(date, ()), path.relative_to(out).as_posix())
    return rows, files


def _write_broken(
    delivery: Delivery,
    judged: str,
    business_date: dt.date | None,
    to: Path,
    connection: duckdb.DuckDBPyConnection,
) -> dict[str, int]:
    date = literal(business_date.isoformat() if business_date else None)
    connection.execute(
        f"COPY (SELECT CAST({date} AS DATE) AS business_date, {literal(delivery.feed)} AS feed,"
        f" {literal(delivery.delivery_id)} AS delivery_id, {literal(delivery.file)} AS file,"
        " CAST(__line_no AS BIGINT) AS line_no, __rule AS rule, 'record' AS set_aside,"
        f" {literal(f'raw/{delivery.feed}')} AS caught_by, __record AS record"
        f" FROM ({judged}) WHERE __rule IS NOT NULL) TO {literal(str(to))} (FORMAT parquet)"
    )
    counted = connection.execute(
        "SELECT rule, count(*) FROM read_parquet(?) GROUP BY rule ORDER BY rule", [str(to)]
    )
    return {str(rule): int(count) for rule, count in counted.fetchall()}
