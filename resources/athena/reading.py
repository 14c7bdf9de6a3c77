"""The rows of a query, by pages or, when there are many, through Parquet files on S3."""

from __future__ import annotations

import io
import uuid
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from resources.account.errors import explained
from resources.athena.results import arrow, columns_of, unload_sql, unloadable
from resources.dialect.tree import parse
from resources.protocols.sql_engine import SqlError
from resources.s3.mirror import address, delete_objects

if TYPE_CHECKING:
    import pyarrow as pa

    from resources.athena.client import AthenaClient

PAGES_AT_MOST = 20
"""Of a thousand rows each: more are read from files, if they are in no order."""


def read_one(client: AthenaClient, query_id: str) -> dict[str, Any]:
    """Return the single row of a successful query; SqlError for another number of rows."""
    rows: list[dict[str, Any]] = arrow(islice(client.pages(query_id), 2)).to_pylist()
    if len(rows) != 1:
        raise SqlError(f"a query of one row gave {len(rows) or 'none'}")
    return rows[0]


def read_all(client: AthenaClient, sql: str, s3: Any) -> pa.Table:
    """Run a query and return its rows, never more than a page or a file of them as text."""
    pages = client.pages(client.run(sql).query_id)
    taken = list(islice(pages, PAGES_AT_MOST))
    # UNLOAD keeps no order.
    more = bool(taken[-1].get("NextToken")) and not _ordered(sql)
    if more and unloadable(columns_of(taken[0])):
        return _unloaded(client, sql, s3).select(range(len(columns_of(taken[0]))))
    return arrow(chain(taken, pages))


def _ordered(sql: str) -> bool:
    return sql.startswith("EXPLAIN") or parse(sql).args.get("order") is not None


def _unloaded(client: AthenaClient, sql: str, s3: Any) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = f"{client.output}/unload/{uuid.uuid4().hex}/"
    bucket, prefix = address(folder).values()
    with explained("read the unloaded rows of a query in", folder):
        try:
            client.run(unload_sql(sql, folder))
            return pa.concat_tables(
                pq.read_table(io.BytesIO(s3.get_object(Bucket=bucket, Key=key)["Body"].read()))
                for key in _keys(s3, bucket, prefix)
            )
        finally:
            delete_objects(s3, [f"s3://{bucket}/{key}" for key in _keys(s3, bucket, prefix)])


def _keys(s3: Any, bucket: str, prefix: str) -> list[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return sorted(found["Key"] for page in pages for found in page.get("Contents", ()))
