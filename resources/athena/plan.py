"""The temporary tables of a query: dropped when it is over, found again when its run was killed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from resources.account.errors import AwsError, explained
from resources.iceberg.candidate_tables import CandidateTable, create_candidate, drop, mount
from resources.protocols.lake_types import LakeError
from resources.protocols.work import current_work
from resources.s3.mirror import address, delete_objects
from resources.side_by_side import side_by_side

if TYPE_CHECKING:
    from resources.iceberg.glue_lake import GlueLake


NOWHERE = CandidateTable("", "")


@dataclass
class Plan:
    """Names of temporary tables: what shows which files, and what the rows go to."""

    mounted: dict[str, str] = field(default_factory=dict)
    candidate: CandidateTable = NOWHERE

    @property
    def tables(self) -> list[str]:
        """All of them."""
        return [name for name in (*self.mounted.values(), self.candidate.name) if name]


@dataclass(frozen=True)
class Plans:
    """Temporary tables of a lake's queries: in Glue, with their metadata on S3.

    A retry must send the text of the query that may still run, and so needs the names in it:
    they lie on S3 until the tables are dropped.
    """

    lake: GlueLake

    @contextmanager
    def opened(
        self,
        key: str | None,
        mounts: Mapping[str, Sequence[str]],
        candidate: tuple[str, str] | None = None,
    ) -> Iterator[Plan]:
        """Yield temporary tables over the files of `mounts`, and one to write (table, folder) to.

        Those that a killed run left under the same key, if it did. All are forgotten at the end,
        whatever happened; their files stay.
        """
        if not mounts and candidate is None:
            yield Plan()
            return
        plan = (key and self._recalled(key)) or Plan()
        known = bool(plan.tables)
        try:
            if not known:
                for name, files in mounts.items():
                    plan.mounted[name] = mount(self.lake, files)
                if candidate is not None:
                    plan.candidate = create_candidate(self.lake, *candidate)
                if key:
                    self._record(key, plan)
            yield plan
        finally:
            self._forget(key, plan.tables)

    def _where(self, key: str) -> str:
        return f"{self.lake.names.temporary}/plans/{key}.json"

    def _recalled(self, key: str) -> Plan | None:
        from botocore.exceptions import ClientError

        try:
            body = self.lake.mirror.s3.get_object(**address(self._where(key)))["Body"].read()
        except ClientError as missing:
            if missing.response["Error"]["Code"] in {"NoSuchKey", "404"}:
                return None
            with explained("read", self._where(key)):
                raise
        found = json.loads(body)
        return Plan(found["mounted"], CandidateTable(**found["candidate"]))

    def _record(self, key: str, plan: Plan) -> None:
        body = json.dumps(asdict(plan)).encode()
        with explained("write", self._where(key)):
            self.lake.mirror.s3.put_object(**address(self._where(key)), Body=body)

    def _metadata_of(self, table: str) -> str | None:
        """Return the S3 address of a table's metadata; None if it has gone."""
        from botocore.exceptions import ClientError

        database, _, name = table.partition(".")
        try:
            found = self.lake.catalog.glue.get_table(DatabaseName=database, Name=name)
        except ClientError as missing:
            if missing.response["Error"]["Code"] == "EntityNotFoundException":
                return None
            with explained("read", f"Glue table {table}"):
                raise
        location: str = found["Table"]["Parameters"]["metadata_location"]
        return location.rpartition("/")[0]

    def _delete(self, folder: str) -> None:
        where = address(f"{folder}/")
        s3 = self.lake.mirror.s3
        pages = s3.get_paginator("list_objects_v2").paginate(
            Bucket=where["Bucket"], Prefix=where["Key"]
        )
        keys = [found["Key"] for page in pages for found in page.get("Contents", ())]
        delete_objects(s3, [f"s3://{where['Bucket']}/{key}" for key in keys])

    def _forget(self, key: str | None, tables: Sequence[str]) -> None:
        """Drop them; a failure is logged, not to hide why they are dropped."""
        names = self.lake.names
        try:
            if key:
                with explained("delete", self._where(key)):
                    self.lake.mirror.s3.delete_object(**address(self._where(key)))
            places = side_by_side(self._metadata_of, tables)
            drop(self.lake, tables)
            with explained("delete", f"what is left of temporary tables in {names.temporary}"):
                for place in filter(None, places):
                    self._delete(place)
        except (AwsError, LakeError) as error:
            if work := current_work():
                work.log.warning(f"Temporary tables stay until the next sweep: {error}")
