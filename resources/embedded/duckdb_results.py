"""What a query for DuckDB is of, and its result as Arrow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from resources.dialect.athena_sql import parse, to_duckdb
from resources.embedded.duckdb_output import quoted
from resources.protocols.sql_engine import Inputs, SqlError

if TYPE_CHECKING:
    import duckdb


def selected(sql: str) -> str:
    """Return a SELECT for DuckDB; SqlError for any other statement."""
    from sqlglot import exp

    if not isinstance(parse(sql), exp.Query):
        raise SqlError("only SELECT is allowed here")
    return to_duckdb(sql)


def over(inputs: Inputs) -> str:
    """Return what a query is over, for messages."""
    return f"query over {', '.join(inputs)}" if inputs else "query"


def _described(
    db: duckdb.DuckDBPyConnection, duck: str, params: Sequence[object]
) -> list[tuple[str, str]]:
    found = db.execute(f"DESCRIBE {duck}", list(params)).fetchall()
    return [(name, kind) for name, kind, *_ in found]


def types_of(db: duckdb.DuckDBPyConnection, duck: str, params: Sequence[object]) -> dict[str, str]:
    """Return DuckDB's type of each column of a query."""
    return dict(_described(db, duck, params))


def arrow(db: duckdb.DuckDBPyConnection, duck: str, params: Sequence[object]) -> Any:
    """Return the result as an Arrow table; sums of integers are bigint, as in Athena."""
    columns = _described(db, duck, params)
    if any(kind == "HUGEINT" for _, kind in columns):
        # By position: two columns may have one name.
        positions = [f"c{n}" for n in range(len(columns))]
        chosen = ", ".join(
            f"{f'CAST({c} AS BIGINT)' if kind == 'HUGEINT' else c} AS {quoted(name)}"
            for c, (name, kind) in zip(positions, columns, strict=True)
        )
        duck = f"SELECT {chosen} FROM ({duck}) AS result ({', '.join(positions)})"
    return db.execute(duck, list(params)).to_arrow_table()
