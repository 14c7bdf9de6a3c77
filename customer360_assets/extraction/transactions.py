"""Transactions from core banking: Parquet files by business date, proven by control totals."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path

from customer360_assets.extraction.coverage import Part, parts_of
from customer360_assets.extraction.drafts import Drafts, drafts_in
from customer360_assets.extraction.extracted import Extracted, ExtractionError, Total
from customer360_assets.extraction.settings import CoreBankingSettings, TransactionTable
from customer360_assets.extraction.totals import by_type, compare, source_totals, written_totals
from resources.embedded.duckdb_output import text
from resources.sources.source_database import (
    CATALOG,
    Snapshot,
    SourceError,
    address_of,
    identifier,
    source_snapshot,
)

FOLDER = "transactions"
TYPES = {
    "trans_id": "BIGINT",
    "account_id": "BIGINT",
    "date": "TIMESTAMP",
    "type": "VARCHAR",
    "operation": "VARCHAR",
    "amount": "DECIMAL(18,2)",
    "balance": "DECIMAL(18,2)",
}
_DATED = ("TIMESTAMP", "DATE")
_WHOLE = ("SMALLINT", "INTEGER", "BIGINT")
_DAY = dt.timedelta(days=1)


def extract_transactions(
    settings: CoreBankingSettings, landing: Path, business_date: dt.date
) -> Extracted:
    """Deliver transactions/transactions_YYYYMMDD.parquet for the dates looked at, sorted.

    The first time, transactions_until_YYYYMMDD.parquet holds all that is older. All is read in one
    snapshot of the source. Raises ExtractionError, and then delivers nothing.
    """
    started = time.monotonic()
    try:
        address = address_of(settings.url)
        password = settings.password.get_secret_value() if settings.password else None
        with drafts_in(landing / FOLDER) as drafts:
            parts = parts_of((p.name for p in drafts.folder.iterdir()), business_date,
                             settings.look_back)  # fmt: skip
            with source_snapshot(
                address,
                drafts.hidden,
                password=password,
                memory=settings.memory,
                threads=settings.threads,
            ) as snapshot:
                totals, undated = _write(snapshot, settings.transactions, parts, drafts)
            delivered = drafts.deliver([p.name for p in parts])
    except SourceError as error:
        failure = str(error)
    else:
        files = tuple(landing / FOLDER / p.name for p in parts)
        rows = sum(t.rows for t in totals)
        seconds = time.monotonic() - started
        return Extracted("transaction", files, delivered, rows, seconds, totals, undated)
    raise ExtractionError(f"{failure}. No transactions were delivered.")


def _write(
    snapshot: Snapshot, table: TransactionTable, parts: list[Part], drafts: Drafts
) -> tuple[tuple[Total, ...], int]:
    """Write every part's draft and return the totals by type, which the source's own confirm.

    And the rows without a date, which are in none.
    """
    _refuse_inexact(snapshot.types(table.db_schema, table.table), table)
    history, days = (parts[0], parts[1:]) if parts[0].history else (None, parts)
    stated, undated = source_totals(snapshot, table, days[0].last, days[-1].last, history)
    order = "ORDER BY date, trans_id"
    if history is not None:
        rows = _selected(table, None, history.last)
        snapshot.scan(
            f"{rows} {order}", drafts.draft(history.name), note=history.covers, whole=True
        )
    # The days in one reading, then apart: a source without an index on the date is read once.
    together = drafts.hidden / "days.parquet"
    snapshot.scan(_selected(table, days[0].last, days[-1].last), together)
    for day in days:
        rows = (
            f"FROM read_parquet({text(str(together))}) WHERE {_between('date', day.last, day.last)}"
        )
        snapshot.copy(f"{rows} {order}", drafts.draft(day.name), note=day.covers)
    written = written_totals(snapshot, {p.last: drafts.draft(p.name) for p in parts})
    compare(stated, written)
    return by_type(written), undated


def _selected(table: TransactionTable, first: dt.date | None, last: dt.date) -> str:
    columns = ", ".join(
        f"CAST({identifier(getattr(table, name))} AS {kind}) AS {name}"
        for name, kind in TYPES.items()
    )
    source = identifier(CATALOG, table.db_schema, table.table)
    return f"SELECT {columns} FROM {source} WHERE {_between(identifier(table.date), first, last)}"


def _between(column: str, first: dt.date | None, last: dt.date) -> str:
    """Return the condition of whole dates; half open, as the column has a time of day."""
    until = f"{column} < TIMESTAMP '{last + _DAY}'"
    return until if first is None else f"{column} >= TIMESTAMP '{first}' AND {until}"


def _refuse_inexact(types: dict[str, str], table: TransactionTable) -> None:
    """Raise ExtractionError for a column that is missing or cannot be read without loss."""
    of = f"{table.db_schema}.{table.table}"
    names = {name: str(getattr(table, name)) for name in TYPES}
    if missing := sorted(n for n in names.values() if n not in types):
        raise ExtractionError(f"{of} lacks {', '.join(missing)}; the settings name its columns.")
    for name in ("amount", "balance"):
        if not types[names[name]].startswith(("DECIMAL", *_WHOLE)):
            raise ExtractionError(
                f"{of}.{names[name]} is no exact number of stated precision; "
                "extract from a view that casts it to numeric(18,2)."
            )
    if types[names["date"]] not in _DATED:
        raise ExtractionError(
            f"{of}.{names['date']} is {types[names['date']]}, not a timestamp without time zone or "
            "a date; extract from a view that says in which zone a day begins."
        )
