"""Athena as the SQL engine: the same SQL over Iceberg tables in Glue."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resources.account.errors import AwsError
from resources.athena.client import request_key, tagged
from resources.athena.fan_out import QueriesFailedError, QueryFanOut, ThreadFanOut
from resources.athena.output import insert_sql
from resources.athena.plan import Plans
from resources.athena.reading import read_all, read_one
from resources.athena.relations import NO_NAMES, reading, unnamed
from resources.athena.session import AthenaSession
from resources.athena.text import compose
from resources.iceberg.candidate_tables import parts_of
from resources.protocols.lake_types import LakeError
from resources.protocols.sql_engine import NO_INPUTS, Candidate, Inputs, Query, SqlError
from resources.protocols.work import current_work

if TYPE_CHECKING:
    import pyarrow as pa

    from resources.athena.client import AthenaClient
    from resources.iceberg.glue_lake import GlueLake


class AthenaEngine:
    """Runs each query in Athena; implements `sql_engine.SqlEngine`.

    A slice of a table is read by name, snapshot and dates, any other files as a temporary table.
    fan_out: where several queries are waited for; threads of this process by default.
    """

    bytes_at_once: int | None = None

    def __init__(
        self, lake: GlueLake, client: AthenaClient, fan_out: QueryFanOut | None = None
    ) -> None:
        self._lake, self._client = lake, client
        self._fan_out = fan_out or ThreadFanOut(client)
        self._plans = Plans(lake)

    def run(
        self,
        sql: str,
        params: Sequence[object],
        inputs: Inputs,
        output: Path,
        columns: Sequence[tuple[str, str]],
        partition_by: Sequence[str] = (),
        order_by: Sequence[str] = (),
        where: str | None = None,
    ) -> Candidate:
        """Write the query's rows below the S3 twin of `output`; the files are in no order.

        More than 100 values of `partition_by` are an SqlError: build fewer dates at once.
        """
        started = time.monotonic()

        def text(names: Mapping[str, str], candidate: str) -> str:
            query = compose(sql, params, reading(self._lake.names, inputs, names))
            return insert_sql(query, candidate, columns, partition_by, where)

        with (
            self._explained(),
            self._plans.opened(
                _key(text(NO_NAMES, "candidate")), unnamed([(sql, inputs)]), self._target(output)
            ) as plan,
        ):
            self._client.run(text(plan.mounted, plan.candidate.name), keep=True)
            # An INSERT is no SELECT: one that is tried again may have worked before.
            parts = parts_of(self._lake, plan.candidate, once=True)
        if partition_by and any(len(p.values) != len(partition_by) for p in parts):
            listed = ", ".join(partition_by)
            raise SqlError(f"output: a partition column ({listed}) is NULL")
        return Candidate(
            files=tuple(part.file for part in parts),
            rows=sum(part.rows for part in parts),
            seconds=time.monotonic() - started,
            parts=parts if partition_by else (),
        )

    def query(
        self, sql: str, params: Sequence[object] = (), inputs: Inputs = NO_INPUTS
    ) -> pa.Table:
        """Return a result; a large unordered one is read through Parquet files on S3."""
        with self._composed(Query(sql, params, inputs)) as query:
            return read_all(self._client, query, self._lake.mirror.s3)

    def one(
        self, sql: str, params: Sequence[object] = (), inputs: Inputs = NO_INPUTS
    ) -> dict[str, Any]:
        """Return the single row of a query by column name."""
        with self._composed(Query(sql, params, inputs)) as query:
            return read_one(self._client, self._client.run(query).query_id)

    def rows(self, queries: Mapping[str, Query]) -> dict[str, dict[str, Any]]:
        """Return the single row of each query; queries run concurrently.

        QueriesFailedError, an SqlError, names those that failed and holds the others' rows.
        """
        if not queries:
            return {}
        asked = {n: self._text(q, NO_NAMES) for n, q in queries.items()}
        key = _key(*(f"{name}\n{text}" for name, text in sorted(asked.items())))
        files = unnamed([(q.sql, q.inputs) for q in queries.values()])
        found: dict[str, dict[str, Any]] = {}
        failed: dict[str, str] = {}
        with self._explained(), self._plans.opened(key, files) as plan:
            ready = {name: self._text(q, plan.mounted) for name, q in queries.items()}
            ended = self._fan_out.run(
                {name: tagged(text) for name, text in ready.items()},
                request_key(*sorted(ready.values())),
            )
            for name, outcome in ended.items():
                try:
                    found[name] = read_one(self._client, self._client.settled(outcome))
                except SqlError as error:
                    failed[name] = str(error)
        if failed:
            raise QueriesFailedError(failed, found)
        return found

    def session(self, inputs: Inputs) -> AthenaSession:
        """Open a read-only session over the tables."""
        return AthenaSession(self, inputs)

    def explain(self, sql: str, inputs: Inputs = NO_INPUTS) -> str:
        """Return the plan of a query without running it."""
        with self._composed(Query(sql, (), inputs)) as query:
            rows = read_all(self._client, f"EXPLAIN {query}", self._lake.mirror.s3)
        return "\n".join(str(line) for line in rows.column(0).to_pylist())

    def cancel(self) -> None:
        """Stop every query that runs now; each raises SqlTimeoutError."""
        self._client.cancel()

    @contextmanager
    def _composed(self, query: Query) -> Iterator[str]:
        """Yield the text of a query while its temporary tables exist."""
        key, files = _key(self._text(query, NO_NAMES)), unnamed([(query.sql, query.inputs)])
        with self._explained(), self._plans.opened(key, files) as plan:
            yield self._text(query, plan.mounted)

    def _text(self, query: Query, names: Mapping[str, str]) -> str:
        return compose(query.sql, query.params, reading(self._lake.names, query.inputs, names))

    def _target(self, output: Path) -> tuple[str, str]:
        """Return the table and the folder's name of a candidate folder of the mirror."""
        inside = output.absolute().relative_to(self._lake.lake_dir.absolute())
        schema, table, _data, key = inside.parts
        return f"{schema}.{table}", key

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (AwsError, LakeError) as error:
            raise SqlError(str(error)) from None


def _key(*parts: str) -> str | None:
    return request_key("plan", *parts) if current_work() else None
