"""The transactions of the bank, made in spans of days so that memory stays bounded."""

from pathlib import Path

from simulator.engine import Engine, sql
from simulator.settings import Settings

ROWS_PER_SPAN = 4_000_000


def spans(settings: Settings) -> list[tuple[int, int]]:
    """Day numbers [from, to) of about ROWS_PER_SPAN transactions each."""
    rows_per_day = settings.customers * settings.transactions_per_customer / settings.days
    days = max(1, int(ROWS_PER_SPAN // max(1, rows_per_day)))
    return [(first, min(first + days, settings.days)) for first in range(0, settings.days, days)]


def write_transactions(engine: Engine, settings: Settings, folder: Path) -> int:
    """Write the transactions as Parquet files in order of time; return how many."""
    engine.script("intensity")
    rows = 0
    for part, (first, end) in enumerate(spans(settings)):
        engine.set(from_day_no=first, to_day_no=end, rows_before=rows)
        engine.script("transactions")
        engine.parquet(sql("ledger"), folder / f"part-{part:04d}.parquet")
        engine.script("current_balance")
        rows += engine.one("SELECT count(*) FROM entry")
    engine.run("DROP TABLE entry")
    return rows
