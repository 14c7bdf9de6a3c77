"""What a job's machine does: fetch the code, start Spark (Sail here), run the script as its main.

python job_runner.py SCRIPT HELPERS ARGUMENT...; the addresses are s3://.
"""

from __future__ import annotations

import os
import runpy
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any


def fetched(uri: str, folder: Path) -> Path:
    import boto3

    bucket, _, key = uri.removeprefix("s3://").partition("/")
    local = folder / Path(key).name
    boto3.client("s3").download_file(bucket, key, str(local))
    return local


def refuse_missing_files() -> None:
    """Sail reads a file that is not there as no rows; Spark refuses it."""
    import boto3
    from pyspark.errors import AnalysisException
    from pyspark.sql.connect.readwriter import DataFrameReader

    read = DataFrameReader.parquet

    def checked(reader: Any, *paths: str, **options: Any) -> Any:
        for path in paths:
            bucket, _, key = path.removeprefix("s3://").partition("/")
            found = boto3.client("s3").list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)
            if not found["KeyCount"]:
                raise AnalysisException(f"[PATH_NOT_FOUND] Path does not exist: {path}.")
        return read(reader, *paths, **options)

    DataFrameReader.parquet = checked


def emulate_jdbc(database: str) -> None:
    """Make Spark's JDBC reader read a real PostgreSQL, each condition by a query of its own.

    database: libpq's parameters. User and password must be those that the tests keep as a secret.
    """
    import duckdb
    from pyspark.sql.connect.readwriter import DataFrameReader

    extension = os.environ["EMULATED_JDBC_EXTENSION"]

    def jdbc(
        reader: Any, url: str, table: str, *, predicates: list[str], properties: dict[str, str]
    ) -> Any:
        if (url, properties["user"], properties["password"]) != ("jdbc:tests", "reader", "secret"):
            raise RuntimeError("password authentication failed")
        folder = Path(tempfile.mkdtemp())
        with duckdb.connect() as connection:
            connection.execute(f"LOAD '{extension}'")
            connection.execute(f"ATTACH '{database}' AS source (TYPE postgres, READ_ONLY)")
            for number, predicate in enumerate(predicates):
                query = f"SELECT * FROM {table} WHERE {predicate}".replace("'", "''")
                connection.execute(
                    f"COPY (FROM postgres_query('source', '{query}'))"
                    f" TO '{folder}/{number}.parquet' (FORMAT parquet)"
                )
        return reader.format("parquet").load(str(folder))

    DataFrameReader.jdbc = jdbc


def main() -> None:
    script, helpers, *arguments = sys.argv[1:]
    from pysail.spark import SparkConnectServer

    server = SparkConnectServer(ip="127.0.0.1", port=0)
    server.start(background=True)
    host, port = server.listening_address
    os.environ["SPARK_REMOTE"] = f"sc://{host}:{port}"
    refuse_missing_files()
    if database := os.environ.get("EMULATED_JDBC"):
        emulate_jdbc(database)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        sys.path.insert(0, str(folder))
        fetched(helpers, folder)
        sys.argv = [str(fetched(script, folder)), *arguments]
        runpy.run_path(sys.argv[0], run_name="__main__")


def exit_status() -> int:
    """Run; give what Python would exit with."""
    try:
        main()
    except SystemExit as asked:
        return asked.code if isinstance(asked.code, int) else int(asked.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    status = exit_status()
    sys.stdout.flush()
    sys.stderr.flush()
    # Not by way of the interpreter's end: Spark's client waits there for its server's threads.
    os._exit(status)
