"""A small bank in memory: the lake's tables as their contracts declare them, in DuckDB."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from customer360_assets.contracts import contract, contracts
from customer360_assets.contracts.audit import audit_sql, first_broken_sql, read_audit
from resources.dialect.athena_sql import to_duckdb

SQL = Path(__file__).parents[2] / "sql"
D = dt.date(2024, 5, 23)
Row = dict[str, Any]


class Bank:
    """Empty raw and stage tables; rows go in by `add`, answers come out of the project's SQL."""

    def __init__(self) -> None:
        self.db = duckdb.connect(":memory:", config={"threads": 2})
        for schema in ("raw", "stage"):
            self.db.execute(f"CREATE SCHEMA {schema}")
            for table in contracts(schema):
                columns = ", ".join(f'"{c.name}" {c.type}' for c in table.columns)
                self.db.execute(f"CREATE TABLE {table.table} ({columns})")

    def close(self) -> None:
        self.db.close()

    def rows(self, sql: str, *parameters: Any) -> list[Row]:
        """Return the rows of an Athena query."""
        found = self.db.execute(to_duckdb(sql), list(parameters))
        names = [d[0] for d in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def scalar(self, sql: str, *parameters: Any) -> Any:
        (row,) = self.rows(sql, *parameters)
        return next(iter(row.values()))

    def add(self, table: str, *rows: Mapping[str, Any], **common: Any) -> None:
        """Insert rows; what they leave out is null, and technical columns are filled in."""
        names = [c.name for c in contract(table).columns]
        filled = [
            {
                "business_date": D,
                "delivery_id": "d1",
                "delivery_seq": 1,
                "line_no": number,
                **({"trans_scope": ""} if "trans_scope" in names else {}),
                **common,
                **given,
            }
            for number, given in enumerate(rows, start=1)
        ]
        assert not {name for row in rows for name in row} - set(names), "no such column"
        delivered = pa.Table.from_pylist([{n: row.get(n) for n in names} for row in filled])
        self.db.register("delivered", delivered)
        self.db.execute(f"INSERT INTO {table} SELECT * FROM delivered")
        self.db.unregister("delivered")

    def stage(self, table: str, first: dt.date = D, last: dt.date = D) -> list[Row]:
        """Run a stage file over a range of business dates; rows with their delivery_rank."""
        sql = (SQL / "stage" / f"{table}.sql").read_text()
        found = self.rows(sql, first, last)
        declared = contract(f"stage.{table}")
        form = [declared.form_rule] if declared.form_rule else []
        for row in found:
            assert list(row) == [*(c.name for c in declared.columns), "delivery_rank", *form]
        return found

    def publish(self, table: str, first: dt.date = D, last: dt.date = D) -> None:
        """Replace a stage table's dates by rank 1 of each key, as the platform publishes it."""
        declared = contract(f"stage.{table}")
        sql = to_duckdb((SQL / "stage" / f"{table}.sql").read_text())
        casts = ", ".join(f'CAST("{c.name}" AS {c.type})' for c in declared.columns)
        self.db.execute(
            f"DELETE FROM {declared.table} WHERE business_date BETWEEN ? AND ?", [first, last]
        )
        self.db.execute(
            f"INSERT INTO {declared.table} SELECT {casts} FROM ({sql}) WHERE delivery_rank = 1",
            [first, last],
        )

    def broken(self, table: str, first: dt.date = D, last: dt.date = D) -> list[str]:
        """Return the rule that each refused row of a stage file breaks, sorted."""
        sql = to_duckdb((SQL / "stage" / f"{table}.sql").read_text())
        declared = contract(f"stage.{table}")
        rule = to_duckdb(first_broken_sql(declared.rules))
        if declared.form_rule:
            rule = f'coalesce("{declared.form_rule}", {rule})'
        found = self.db.execute(
            f"SELECT rule FROM (SELECT {rule} AS rule FROM ({sql})) WHERE rule IS NOT NULL"
            " ORDER BY rule",
            [first, last],
        )
        return [row[0] for row in found.fetchall()]

    def dimension(self, name: str, as_of: dt.date = D) -> dict[int, Row]:
        """Run a dimension file; its rows by client, once its contract and controls have held."""
        declared = contract(f"dimension.{name}")
        self.db.execute("DROP TABLE IF EXISTS candidate")
        casts = ", ".join(f'CAST("{c.name}" AS {c.type}) AS "{c.name}"' for c in declared.columns)
        sql = to_duckdb((SQL / "dimensions" / f"{name}.sql").read_text())
        self.db.execute(f"CREATE TABLE candidate AS SELECT {casts} FROM ({sql})", [as_of])
        (audited,) = self.rows(audit_sql(declared))
        audit = read_audit(declared, audited)
        assert audit.clean, {k: v for k, v in audit.broken.items() if v}
        for control in declared.controls:
            measured = self.scalar(f"SELECT {control.candidate} AS total FROM candidate")
            if control.severity == "error":
                assert measured == self.scalar(control.source, as_of), control.name
        found = self.rows("SELECT * FROM candidate ORDER BY client_id")
        return {row["client_id"]: row for row in found}

    def control(self, name: str, number: int, as_of: dt.date = D) -> tuple[Any, Any]:
        """Return both sides of a dimension's control over the last candidate."""
        control = contract(f"dimension.{name}").controls[number]
        measured = self.scalar(f"SELECT {control.candidate} AS total FROM candidate")
        return measured, self.scalar(control.source, as_of)


def by_rank(rows: Sequence[Row], *columns: str) -> list[tuple[Any, ...]]:
    """Return (delivery_rank, columns…) of each row, sorted."""
    return sorted((r["delivery_rank"], *(r[c] for c in columns)) for r in rows)
