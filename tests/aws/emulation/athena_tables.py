"""What the emulated Athena reads and writes: Iceberg tables of Glue, their files on S3."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.aws.emulation.athena_failure import Failure

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    from pyiceberg.catalog.glue import GlueCatalog
    from pyiceberg.table import Table

OPEN_PARTITIONS = 100


@dataclass(frozen=True)
class Reference:
    """A table as a query names it, with the snapshot and the dates that it asks for."""

    database: str
    name: str
    snapshot_id: int | None = None
    dates: tuple[str | None, str | None] = (None, None)


@dataclass
class Tables:
    """Tables of an emulated account; files that were read once are kept in `cache`."""

    endpoint: str
    region: str
    cache: Path
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def view(self, db: duckdb.DuckDBPyConnection, view: str, reference: Reference) -> int:
        """Create a view of exactly the table's columns; return the bytes of its files.

        Columns are found by field id, as Athena finds them; by name in a file that has no ids.
        """
        table = self.load(reference)
        version = reference.snapshot_id
        if version is not None and table.snapshot_by_id(version) is None:
            raise Failure(f"INVALID_ARGUMENTS: Iceberg snapshot ID does not exist: {version}")
        schema = table.scan(snapshot_id=version).projection()
        duck = {f.field_id: (f.name, _duck_type(f.field_type)) for f in schema.fields}
        files = self._files(table, reference)
        alike: dict[tuple[str, ...], list[str]] = {}
        for local in (self._local(uri) for uri in files):
            alike.setdefault(_projection(local, duck), []).append(str(local))
        nothing = ", ".join(f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in duck.values())
        selects = [f"SELECT {nothing} WHERE false"]
        for projection, paths in alike.items():
            listed = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
            selects.append(f"SELECT {', '.join(projection)} FROM read_parquet([{listed}])")
        db.execute(f'CREATE VIEW "{view}" AS {" UNION ALL ".join(selects)}')
        return sum(files.values())

    def load(self, reference: Reference) -> Table:
        """Return the table; raise Athena's failure if Glue does not have it."""
        from pyiceberg.exceptions import NoSuchTableError

        try:
            return self._catalog.load_table((reference.database, reference.name))
        except NoSuchTableError:
            raise Failure(
                f"TABLE_NOT_FOUND: line 1:1: Table 'awsdatacatalog.{reference.database}."
                f"{reference.name}' does not exist"
            ) from None

    def append(self, reference: Reference, rows: pa.Table) -> None:
        """Commit rows as one snapshot, one file per partition at least."""
        import pyarrow as pa
        from pyiceberg.io.pyarrow import schema_to_pyarrow

        table = self.load(reference)
        wanted = schema_to_pyarrow(table.schema(), include_field_ids=False)
        given = {f.name: f.type for f in rows.schema}
        if unknown := sorted(set(given) - set(wanted.names)):
            raise Failure(f"COLUMN_NOT_FOUND: line 1:1: Insert column name does not exist in "
                          f"target table: {unknown[0]}")  # fmt: skip
        for column in wanted:
            if column.name in given and not _insertable(given[column.name], column.type):
                raise Failure(
                    f"TYPE_MISMATCH: line 1:1: Insert query has mismatched column types: "
                    f"Table: [{column.type}], Query: [{given[column.name]}]"
                )
        for column in wanted:
            if column.name not in given:
                nothing = pa.nulls(rows.num_rows, column.type)
                rows = rows.append_column(column.name, nothing)
        fields = [table.schema().find_column_name(f.source_id) for f in table.spec().fields]
        if fields and rows.group_by(fields).aggregate([]).num_rows > OPEN_PARTITIONS:
            raise Failure(
                f"TOO_MANY_OPEN_PARTITIONS: Exceeded limit of {OPEN_PARTITIONS} open writers "
                "for partitions/buckets."
            )
        if rows.num_rows:
            table.append(rows.select(wanted.names).cast(wanted))

    @cached_property
    def _catalog(self) -> GlueCatalog:
        from pyiceberg.catalog.glue import GlueCatalog

        account = {
            "endpoint": self.endpoint,
            "region": self.region,
            "access-key-id": "testing",
            "secret-access-key": "testing",
        }
        both = {f"{name}.{key}": value for name in ("glue", "s3") for key, value in account.items()}
        return GlueCatalog("athena", **both)

    def _files(self, table: Table, reference: Reference) -> dict[str, int]:
        from pyiceberg.expressions import AlwaysTrue, And, GreaterThanOrEqual, LessThanOrEqual

        chosen: Any = AlwaysTrue()
        first, last = reference.dates
        if first is not None:
            chosen = And(chosen, GreaterThanOrEqual("business_date", first))
        if last is not None:
            chosen = And(chosen, LessThanOrEqual("business_date", last))
        tasks = list(table.scan(chosen, snapshot_id=reference.snapshot_id).plan_files())
        if any(task.delete_files for task in tasks):
            raise Failure("NOT_SUPPORTED: this emulation reads no delete files")
        return {task.file.file_path: task.file.file_size_in_bytes for task in tasks}

    def _local(self, uri: str) -> Path:
        """Return a copy of a file of S3, which never changes once it has a name."""
        local = self.cache / f"{hashlib.sha256(uri.encode()).hexdigest()}.parquet"
        with self._lock:
            if not local.exists():
                body = self.s3().get_object(**place(uri))["Body"].read()
                draft = local.with_suffix(".draft")
                draft.write_bytes(body)
                draft.replace(local)
        return local

    def s3(self) -> Any:
        """Return an S3 client of the emulated account."""
        return service("s3", self.endpoint, self.region)


_MAKING = threading.Lock()


def service(name: str, endpoint: str, region: str) -> Any:
    """Return a client of the emulated account, whatever the process's variables say."""
    with _MAKING:
        return _service(name, endpoint, region)


@lru_cache(maxsize=64)
def _service(name: str, endpoint: str, region: str) -> Any:
    import boto3

    account = boto3.session.Session("testing", "testing", region_name=region)
    return account.client(name, endpoint_url=endpoint)


def place(uri: str) -> dict[str, str]:
    """Return Bucket and Key of an S3 address."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return {"Bucket": bucket, "Key": key}


def _projection(file: Path, wanted: dict[int, tuple[str, str]]) -> tuple[str, ...]:
    import pyarrow.parquet as pq

    schema = pq.read_schema(file)
    ids = {
        int(f.metadata[b"PARQUET:field_id"]): f.name
        for f in schema
        if f.metadata and b"PARQUET:field_id" in f.metadata
    }
    names = set(schema.names)
    found = {
        i: ids.get(i) if ids else (name if name in names else None)
        for i, (name, _) in wanted.items()
    }
    return tuple(
        f'CAST({_quoted(found[i]) if found[i] else "NULL"} AS {kind}) AS "{name}"'
        for i, (name, kind) in wanted.items()
    )


def _quoted(name: str | None) -> str:
    return f'"{name}"'


def _duck_type(kind: Any) -> str:
    names = {
        "int": "INTEGER",
        "long": "BIGINT",
        "string": "VARCHAR",
        "timestamptz": "TIMESTAMP WITH TIME ZONE",
    }
    return names.get(str(kind), str(kind).upper())


def _insertable(given: pa.DataType, wanted: pa.DataType) -> bool:
    """Return whether Trino widens the one to the other by itself."""
    import pyarrow as pa

    if given.equals(wanted) or pa.types.is_null(given):
        return True
    if pa.types.is_string(given) and pa.types.is_large_string(wanted):
        return True
    if pa.types.is_integer(given) and pa.types.is_integer(wanted):
        return bool(given.bit_width <= wanted.bit_width)
    if pa.types.is_decimal(given) and pa.types.is_decimal(wanted):
        whole = given.precision - given.scale
        return bool(given.scale <= wanted.scale and whole <= wanted.precision - wanted.scale)
    return False
