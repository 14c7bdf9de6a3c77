"""A client's balance and activity by month, as charts."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

from customer360_assets.cli.charts import column_chart
from customer360_assets.publishing.platform import Platform

MONTHS = 12


def activity_charts(platform: Platform, client_id: int, as_of: dt.date) -> list[str]:
    """Return the charts of the last 12 months; nothing for a client without movements."""
    from customer360_assets.contracts import contract
    from customer360_assets.publishing.lake_tables import readable
    from customer360_assets.publishing.reading import as_of_files

    inputs = {
        name: readable(platform, name, as_of_files(platform, contract(name), as_of))
        for name in ("stage.disposition", "stage.transaction")
    }
    query = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    rows = platform.sql.query(query, params=[client_id, as_of], inputs=inputs).to_pylist()
    if not rows:
        return []
    earliest = min((row["month"].year, row["month"].month) for row in rows)
    months = [month for month in _months(as_of) if month >= earliest]
    count: dict[tuple[int, int], int] = defaultdict(int)
    closing: dict[int, dict[tuple[int, int], Decimal]] = defaultdict(dict)
    for row in rows:
        month = (row["month"].year, row["month"].month)
        count[month] += row["movements"]
        closing[row["account_id"]][month] = row["closing_balance"]
    balances = [_balance(closing, month) for month in months]
    labels = [dt.date(year, month, 1).strftime("%b") for year, month in months]
    return [
        "Balance at the end of the month",
        *column_chart(balances, labels),
        "",
        "Movements in the month",
        *column_chart([count[month] for month in months], labels),
    ]


def _months(as_of: dt.date) -> list[tuple[int, int]]:
    last = as_of.year * 12 + as_of.month - 1
    return [(m // 12, m % 12 + 1) for m in range(last - MONTHS + 1, last + 1)]


def _balance(
    closing: dict[int, dict[tuple[int, int], Decimal]], month: tuple[int, int]
) -> Decimal | None:
    """Return the sum over accounts of the last balance known by the end of a month."""
    known = [
        balances[max(m for m in balances if m <= month)]
        for balances in closing.values()
        if any(m <= month for m in balances)
    ]
    return sum(known, Decimal(0)) if known else None
