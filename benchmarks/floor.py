"""The floor: the same stage and dimension rows by one DuckDB script, and nothing around it.

python -m benchmarks.floor LANDING BUSINESS_DATE OUT [> timings.json]
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

from benchmarks.queries import PARSED, Query, queries, render
from benchmarks.subject import Task, task_of


def script(task: Task) -> Iterator[tuple[Query, str]]:
    """Yield the script, statement by statement: each writes one table as Parquet."""
    for query in queries():
        sql = render(query.text, task.variables, lambda name: name)
        if query.name in PARSED:
            yield query, f"CREATE TEMP TABLE {query.name} AS\n{sql}"
            continue
        file = f"'{task.out / query.name}.parquet'"
        yield query, f"COPY (\n{sql}\n) TO {file} (FORMAT parquet, COMPRESSION zstd)"
        yield query, f"CREATE TEMP VIEW {query.name} AS FROM read_parquet({file})"


def main() -> None:
    """Run the script and print each table's seconds as JSON."""
    import duckdb

    task = task_of()
    task.out.mkdir(parents=True, exist_ok=True)
    seconds: dict[str, float] = {}
    with duckdb.connect(config={"temp_directory": str(task.out / "spill")}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for query, statement in script(task):
            started = time.monotonic()
            connection.execute(statement)
            taken = time.monotonic() - started
            seconds[query.table] = seconds.get(query.table, 0) + taken
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
