"""The lake on AWS: PyIceberg, S3 and the Glue Data Catalog."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, cast

from resources.account.errors import explained
from resources.iceberg import schema as lake_schema
from resources.iceberg import sweep_s3 as lake_sweep_s3
from resources.iceberg.arrow_errors import lake_explained
from resources.iceberg.base import IcebergLake
from resources.iceberg.catalog import Place
from resources.iceberg.glue_catalog import open_glue_catalog
from resources.protocols.lake_types import NO_PROPERTIES, Damaged, LakeError, Slice, split
from resources.s3.mirror import S3, Mirror
from resources.s3.objects import put_once

if TYPE_CHECKING:
    from pyiceberg.catalog.glue import GlueCatalog
    from pyiceberg.schema import Schema

    from resources.account.aws_names import AwsNames


@dataclass(frozen=True)
class GlueLake(IcebergLake):
    """Parquet files on S3 and a Glue database for each schema.

    lake_dir: where this worker writes candidates; a file there has a twin on S3 once it is used.
    """

    names: "AwsNames"
    lake_dir: Path

    @cached_property
    def mirror(self) -> Mirror:
        """The lake's files on this worker and their twins on S3."""
        return Mirror(self.lake_dir, self.names)

    @cached_property
    def _written(self) -> set[str]:
        """The files of no rows that are known to be on S3."""
        return set()

    @property
    def catalog(self) -> "GlueCatalog":
        """The catalog of the environment's region."""
        return cast("GlueCatalog", self._catalog)

    def _open_catalog(self) -> "GlueCatalog":
        return open_glue_catalog(self.names.region)

    def _place(self, table: str) -> Place:
        schema, name = split(table)
        try:
            location = self.names.table_location(schema, name)
        except KeyError:
            raise LakeError(f"{table}: there is no schema {schema}") from None
        return Place(table, f"{self.names.database(schema)}.{name}", location)

    def _make_namespace(self, schema: str) -> None:
        """Do nothing: the stack defines databases and their grants."""

    def _explained(self, action: str, table: str) -> AbstractContextManager[None]:
        return lake_explained(action, f"Glue table {self._place(table).identifier}")

    def _turn(self, table: str) -> AbstractContextManager[None]:
        """Wait for nobody: Glue refuses the later of two commits, and it is tried again."""
        return nullcontext()

    def _claim(self, table: str, name: str) -> Path | None:
        folder = self.mirror.path(f"{self._place(table).location}/data/{name}")
        claim = f"{self.mirror.uri(folder)}/{lake_sweep_s3.CLAIM}"
        if not put_once(self.mirror.s3, claim, b""):
            return None
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            return None
        return folder

    def _own(self, table: str, files: Sequence[str]) -> list[str]:
        data = f"{self._place(table).location}/data/"
        for file in files:
            if file.startswith(S3) and not file.startswith(data):
                raise LakeError(f"{file} is not in a candidate folder of {table}")
            if not file.startswith(S3) and not Path(file).absolute().is_relative_to(
                self.mirror.path(data)
            ):
                raise LakeError(f"{file} is not in a candidate folder of {table}")
        return self.mirror.adopt(files)

    def _orphaned(self, table: str, files: set[str]) -> None:
        lake_sweep_s3.note_expired(self.mirror.s3, self._place(table).location, files)

    def _record(self, table: str, files: Sequence[str]) -> None:
        """Do nothing: S3 checks what it is sent, and what it keeps."""

    def _verify(self, table: str, files: Sequence[str], snapshot_id: int | None = None) -> None:
        """Do nothing, see `_record`."""

    def damaged(self) -> list[Damaged]:
        """See `Lake.damaged`: S3 keeps its objects whole."""
        return []

    def unreadable(self) -> dict[str, str]:
        """See `Lake.unreadable`: the bucket keeps every version of an object."""
        return {}

    def forget(self, table: str) -> None:
        """See `Lake.forget`; here an operator restores the object's last version instead."""
        raise LakeError(f"{table}: a table of the account is not forgotten; restore its metadata")

    def renew(self, files: Sequence[str]) -> None:
        """See `Lake.renew`."""

    def tables(self) -> list[str]:
        """See `Lake.tables`."""
        from resources.account.aws_names import LAYER_OF

        explaining = explained("list the tables of", f"the Glue databases of {self.names.base}")
        with explaining, self._databases_exist():
            return sorted(
                f"{schema}.{name}"
                for schema in LAYER_OF
                for _, name in self.catalog.list_tables(self.names.database(schema))
            )

    def ensure(
        self,
        table: str,
        schema: "Schema",
        partition_columns: tuple[str, ...] = ("business_date",),
        comment: str = "",
        properties: Mapping[str, str] = NO_PROPERTIES,
    ) -> None:
        """See `Lake.ensure`. The stack has created the database."""
        with self._databases_exist():
            super().ensure(table, schema, partition_columns, comment, properties)

    @contextmanager
    def _databases_exist(self) -> Iterator[None]:
        from pyiceberg.exceptions import NoSuchNamespaceError

        try:
            yield
        except NoSuchNamespaceError as missing:
            raise LakeError(
                f"{missing}. The stack in infra/ creates the Glue databases of {self.names.base}:"
                " deploy it, or check CUSTOMER360_DEPLOYMENT"
            ) from None

    def files(
        self,
        table: str,
        first: date | None = None,
        last: date | None = None,
        dates: Iterable[date] | None = None,
        snapshot_id: int | None = None,
    ) -> Sequence[str]:
        """See `Lake.files`. A range of dates knows itself: Athena reads it as the table."""
        files, shown_by = self._plan(table, first, last, dates, snapshot_id)
        if not files or dates is not None or shown_by is None:
            return files
        return Slice.of(files, table, shown_by, first, last)

    def empty_file(self, table: str) -> str:
        """See `Lake.empty_file`."""
        source = self.load(table)
        # A schema id never changes its meaning, so a file that is there is right.
        uri = f"{self._place(table).location}/empty/{source.schema().schema_id}.parquet"
        if uri not in self._written:
            body = BytesIO()
            lake_schema.write_empty(source, body)
            put_once(self.mirror.s3, uri, body.getvalue())
            self._written.add(uri)
        return uri

    def bytes(self, files: Sequence[str]) -> int:
        """See `Lake.bytes`."""
        return sum(self.mirror.sizes(files))

    def discard(self, files: Sequence[str]) -> None:
        """See `Lake.discard`. Deleted here and on S3."""
        self.mirror.delete(files)

    def remove_orphans(self, table: str, older_than: datetime, keys: str = "") -> list[str]:
        """See `Lake.remove_orphans`. Nobody waits: give candidates days to be published."""
        place = self._place(table)
        with explained("clean up", place.location):
            return lake_sweep_s3.remove_orphans(
                self.mirror.s3, place.location, lambda: self.load(table), older_than, keys
            )
