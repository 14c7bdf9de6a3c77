"""Whether a subject computed the platform's rows: count, and every column's fingerprint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

LINEAGE = ("delivery_id", "line_no")
"""Columns of the audit trail: a peer's user would not make them."""


class OtherRowsError(AssertionError):
    """A subject computed something else than the platform; it names tables and columns only."""


def verify(
    expected: Mapping[str, Sequence[str]],
    given: Mapping[str, str],
    *,
    lineage: bool = True,
) -> dict[str, int]:
    """Return the rows of each table; raise OtherRowsError where count or a column differs.

    expected: the platform's Parquet files of each table; given: the subject's, as a glob. A
    column's fingerprint is the sum of the hashes of its values, floats rounded to 9 digits.
    """
    rows, wrong = {}, []
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for table, files in expected.items():
            source = f"read_parquet({list(files)!r}, hive_partitioning = false)"
            types = {
                name: kind
                for name, kind, *_ in connection.execute(f"DESCRIBE FROM {source}").fetchall()
                if lineage or name not in LINEAGE
            }
            want = _prints(connection, source, types)
            have = _prints(connection, f"read_parquet('{given[table]}')", types)
            rows[table] = want[0]
            differing = [n for n, w, h in zip(("rows", *types), want, have, strict=True) if w != h]
            if differing:
                wrong.append(f"{table} ({', '.join(differing)})")
    if wrong:
        raise OtherRowsError(f"other than the platform's: {'; '.join(wrong)}")
    return rows


def _prints(
    connection: duckdb.DuckDBPyConnection, source: str, types: Mapping[str, str]
) -> tuple[int, ...]:
    sums = "".join(f", coalesce(sum(hash({_value(n, t)})), 0)" for n, t in types.items())
    found = connection.execute(f"SELECT count(*){sums} FROM {source}").fetchone()
    return tuple(int(value) for value in found or ())


def _value(name: str, kind: str) -> str:
    if kind in ("DOUBLE", "FLOAT"):
        return f'round("{name}", 9) + 0.0'
    return f'CAST("{name}" AS {kind})'
