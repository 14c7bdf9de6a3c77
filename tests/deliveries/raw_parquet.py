"""Extracts of core banking, as Parquet."""

from __future__ import annotations

from pathlib import Path

import duckdb


def parquet(path: Path, rows: str) -> None:
    """Write an extract of (trans_id, date, amount)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    duckdb.execute(
        f"COPY (SELECT * FROM (VALUES {rows}) AS t(trans_id, date, amount)"
        " CROSS JOIN (SELECT 1 AS account_id, 'credit' AS type, NULL::VARCHAR AS operation,"
        f" 0::DECIMAL(18,2) AS balance)) TO '{path}' (FORMAT parquet)"
    )
